package main

import (
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// books are what the tallies say in the end, beside what callers were told.
type books struct {
	own          int64 // subjects of one call
	again, never int64 // of these, those charged more than their call explains, and less
	wrong        int64 // of the others, the tokens that nothing explains
	// refunded is the largest of what is missing of what was charged, divided by what
	// callers gave back.
	refunded float64
}

// bill is what was taken of one subject.
type bill struct {
	least, most int64 // that may be used in the end
	charged     int64 // for certain
	back        int64 // that was given back, or may have been
}

func (l *limiting) bill(all []charge) (b bill) {
	for _, c := range all {
		lost := l.doubts.meet(c.Since, c.Until)
		back, maybe := int64(0), int64(0)
		switch c.Refund {
		case done:
			back, maybe = c.Back, c.Back
			if l.doubts.meet(c.RefundAt, c.BackAt) {
				back = 0
			}
		case doubtful:
			maybe = c.Back
		}
		switch {
		case c.Fate == doubtful:
			b.most += c.Asked - back
			b.back += maybe
		case c.Granted > 0:
			b.most += c.Granted - back
			b.back += maybe
			if !lost {
				b.least += c.Granted - maybe
				b.charged += c.Granted
			}
		}
	}
	return b
}

// books compares what is stored with the charges of all subjects that have a tally.
func (l *limiting) books(subjects map[place][]charge) (b books) {
	var mu sync.Mutex
	var all sync.WaitGroup
	work := make(chan func())
	for range limitClients {
		all.Go(func() {
			for f := range work {
				f()
			}
		})
	}
	b.refunded = math.NaN()
	s := l.store(l.direct, limitPrefix)
	for _, k := range limitKinds {
		limit, has := k.limit(l.order.Per, tally)
		if !has {
			continue
		}
		open, err := openKind(realLimitCalls, s, k, l.order.Per)
		l.must("open a limiter", err)
		for p, charges := range subjects {
			if p.kind != k.name {
				continue
			}
			work <- func() {
				used, err := usedOf(open.limiter, p.subject, limit)
				mu.Lock()
				defer mu.Unlock()
				bill := l.bill(charges)
				b.hold(used, bill, k, err)
				if err != nil {
					l.odd.add("to read "+k.name, err)
				}
			}
		}
	}
	close(work)
	all.Wait()
	return b
}

var errNoTally = errors.New("a limiter without its limits")

// usedOf returns how many tokens of a limit are used.
func usedOf(l *limiter, subject string, limit ratelimit.Limit) (int64, error) {
	ctx, cancel := patient()
	defer cancel()
	d, err := l.Peek(ctx, subject)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(d.Limits, func(u ratelimit.Usage) bool { return u.Limit == limit })
	if i < 0 {
		return 0, errNoTally
	}
	return limit.N() - d.Limits[i].Remaining, nil
}

// hold holds what is used of a subject against its bill.
func (b *books) hold(used int64, bill bill, k *limitKind, err error) {
	if k.subjects == 0 {
		b.own++
	}
	switch {
	case err != nil:
		b.wrong++
	case k.subjects == 0 && used > bill.most:
		b.again++
	case k.subjects == 0 && used < bill.least:
		b.never++
	case k.subjects > 0:
		b.wrong += max(0, used-bill.most, bill.least-used)
	}
	if bill.back > 0 {
		share := float64(bill.charged-used) / float64(bill.back)
		if !(b.refunded >= share) {
			b.refunded = share
		}
	}
}
