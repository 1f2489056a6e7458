package state

import "slices"

// journal is what was announced of a key. Announcements are counted from 1, for as long
// as the key is watched.
type journal struct {
	shown int            // how many of them the last event accounts for
	heard int            // how many there were
	last  []announcement // the latest of them
}

type announcement struct {
	state string // the text of a token
	touch bool   // the state is the one before, with another time to live
}

// journalDepth is how many announcements a journal remembers by what they say.
const journalDepth = 16

// add notes an announcement.
func (j *journal) add(a announcement) {
	if len(j.last) == journalDepth {
		j.last = slices.Delete(j.last, 0, 1)
	}
	j.last = append(j.last, a)
	j.heard++
}

// news is how many announcements no event accounts for.
func (j *journal) news() int { return j.heard - j.shown }

// names returns the number of the last announcement of the state among the news, or 0
// if there is none. One that another time to live made is not of a state that was read
// when known announcements were heard, if it came later.
func (j *journal) names(state string, known int) int {
	for i, a := range slices.Backward(j.last) {
		number := j.heard - (len(j.last) - 1 - i)
		if number <= j.shown {
			break
		}
		if a.state == state && (!a.touch || number <= known) {
			return number
		}
	}
	return 0
}

// others reports whether an announcement among the news may be of another state.
func (j *journal) others(state string) bool {
	if j.news() > len(j.last) {
		return true
	}
	return slices.ContainsFunc(j.last[len(j.last)-j.news():], func(a announcement) bool { return a.state != state })
}

// account has an event account for that many announcements.
func (j *journal) account(number int) { j.shown = max(j.shown, number) }

// latest returns the state that was announced last among the news, or the one given.
func (j *journal) latest(shown string) string {
	if j.news() == 0 {
		return shown
	}
	return j.last[len(j.last)-1].state
}
