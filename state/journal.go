package state

import "slices"

// journal is what was announced of a key. Announcements are counted from 1, for as long
// as the key is watched.
type journal struct {
	shown int    // how many of them the last event accounts for
	heard int    // how many there were
	last  []word // the latest of them, whose states are tokens
}

// journalDepth is how many announcements a journal remembers by what they say.
const journalDepth = 32

// add notes an announcement. One of another time to live is of the state before.
func (j *journal) add(w word, shown Token) {
	if w.state == wordTTL {
		w.state = shown.String()
		if j.news() > 0 {
			w.state = j.last[len(j.last)-1].state
		}
	}
	if len(j.last) == journalDepth {
		j.last = slices.Delete(j.last, 0, 1)
	}
	j.last = append(j.last, w)
	j.heard++
}

// news is how many announcements no event accounts for.
func (j *journal) news() int { return j.heard - j.shown }

// account has an event account for that many announcements.
func (j *journal) account(number int) {
	if j.shown = max(j.shown, number); j.news() == 0 {
		j.last = nil
	}
}

// word returns the announcement of a number, or nil if it is not remembered.
func (j *journal) word(number int) *word {
	if i := number - (j.heard - len(j.last)) - 1; i >= 0 && i < len(j.last) {
		return &j.last[i]
	}
	return nil
}

// until returns how many announcements came before a time of the server, given how many
// are known to have: no fewer than least and no more than most, which differ only
// where too many came for all to be remembered.
func (j *journal) until(time int64, known int) (least, most int) {
	known = max(known, j.shown)
	for number := j.heard; number > known; number-- {
		switch w := j.word(number); {
		case w == nil:
			return known, number
		case w.at <= time:
			return number, number
		}
	}
	return known, known
}

// names returns the number of the announcement that names what was read, given that so
// many came before, or 0 if none does: it is the last of them, unless there are others of
// the very same time.
func (j *journal) names(s *sighting, number int, lenient bool) int {
	for ; number > j.shown; number-- {
		switch w := j.word(number); {
		case w == nil:
			return 0
		case w.names(s, lenient):
			return number
		case s.time > 0 && w.at != s.time:
			return 0
		}
	}
	return 0
}

// others reports whether an announcement among the news may be of another state.
func (j *journal) others(state string) bool {
	if j.news() > len(j.last) {
		return true
	}
	return slices.ContainsFunc(j.last[len(j.last)-j.news():], func(w word) bool { return w.state != state })
}
