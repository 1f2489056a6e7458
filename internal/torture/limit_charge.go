package main

import (
	"cmp"
	"slices"
	"time"
)

// charge is what a call has taken of a subject, or may have: a record that a worker hands
// to its parent. Times are in microseconds since 1970, those of the servers and the
// workers alike, as all run on one machine.
type charge struct {
	Kind    string
	Subject string
	// ID names a call that several callers make, with the same OpID. It is charged once.
	ID      string
	Asked   int64
	Granted int64
	// At is when the server granted it, or 0 where the caller was not told.
	At   int64
	Fate fate
	// Since and Until are the times of the call.
	Since, Until int64
	// Back is how much of it was to be given back, and Refund what became of that, from
	// when the first asked for it until the last was answered.
	Back             int64
	Refund           fate
	RefundAt, BackAt int64
	// Twice says that the callers of one id were told different things.
	Twice bool
}

// kept is how much of what was granted is used for certain.
func (c charge) kept() int64 {
	if c.Refund == done || c.Refund == doubtful {
		return c.Granted - c.Back
	}
	return c.Granted
}

// merged returns the charges with those of one id put together.
func merged(all []charge) (once []charge) {
	type name struct{ kind, subject, id string }
	at := map[name]int{}
	for _, c := range all {
		n := name{c.Kind, c.Subject, c.ID}
		i, known := at[n]
		switch {
		case c.ID == "":
			once = append(once, c)
		case !known:
			at[n] = len(once)
			once = append(once, c)
		default:
			once[i] = once[i].join(c)
		}
	}
	return once
}

// join returns what two callers of one id know together.
func (c charge) join(o charge) charge {
	if c.Granted > 0 && o.Granted > 0 && (c.Granted != o.Granted || c.At > 0 && o.At > 0 && c.At != o.At) {
		c.Twice = true
	}
	c.Twice = c.Twice || o.Twice
	c.Asked = max(c.Asked, o.Asked)
	c.Granted = max(c.Granted, o.Granted)
	c.At = earliest(c.At, o.At)
	c.Since, c.Until = earliest(c.Since, o.Since), max(c.Until, o.Until)
	c.Fate = surest(c.Fate, o.Fate)
	c.Back = max(c.Back, o.Back)
	c.Refund = surest(c.Refund, o.Refund)
	c.RefundAt = earliest(c.RefundAt, o.RefundAt)
	c.BackAt = max(c.BackAt, o.BackAt)
	return c
}

// earliest returns the earlier of two times, of which 0 is none.
func earliest(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// surest returns what two fates of one thing come to: it was done if anybody was told
// so, and may have been if somebody does not know.
func surest(a, b fate) fate {
	for _, f := range []fate{done, doubtful, idle} {
		if a == f || b == f {
			return f
		}
	}
	return pending
}

// span is a time, in microseconds since 1970.
type span struct{ from, to int64 }

type spans []span

// stamp returns the time in microseconds since 1970.
func stamp() int64 { return time.Now().UnixMicro() }

// meet reports whether anything of what lies between two times is in one of the spans.
func (s spans) meet(from, to int64) bool {
	return slices.ContainsFunc(s, func(one span) bool { return from <= one.to && to >= one.from })
}

// reign returns which of the times between the spans holds at, or false if it is in a span.
func (s spans) reign(at int64) (n int, ok bool) {
	for _, one := range s {
		if at > one.to {
			n++
		}
	}
	return n, !s.meet(at, at)
}

// place is a subject of a kind.
type place struct{ kind, subject string }

// bySubject sorts the charges into those of each subject.
func bySubject(all []charge) map[place][]charge {
	places := map[place][]charge{}
	for _, c := range all {
		p := place{c.Kind, c.Subject}
		places[p] = append(places[p], c)
	}
	return places
}

// grant is tokens that are used, and when they were granted.
type grant struct{ at, tokens int64 }

// grants returns those of one subject that their callers know of, in order, in each reign
// of a primary. What was granted while one handed over may be lost, and is in none.
func grants(all []charge, doubts spans) [][]grant {
	reigns := make([][]grant, len(doubts)+1)
	for _, c := range all {
		if n, ok := doubts.reign(c.At); ok && c.At > 0 && c.kept() > 0 {
			reigns[n] = append(reigns[n], grant{c.At, c.kept()})
		}
	}
	for _, r := range reigns {
		slices.SortFunc(r, func(a, b grant) int { return cmp.Compare(a.at, b.at) })
	}
	return reigns
}
