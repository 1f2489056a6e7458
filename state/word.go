package state

import (
	"strconv"
	"strings"
)

// A word is what a write announces of a change, on the channel of the key, as
// text: what is stored from then on, which is a token, [wordAbsent] or [wordTTL],
// a space, and for how many milliseconds, 0 for ever.
type word struct {
	state string
	ms    int64
}

const (
	// wordAbsent says that the value was removed.
	wordAbsent = absentText
	// wordTTL says that the value stays as it is and lives for another time.
	wordTTL = "ttl"
)

// String returns the word as it is published.
func (w word) String() string { return w.state + " " + strconv.FormatInt(w.ms, 10) }

// parseWord reads what was published. Whatever is no word, such as what another
// program publishes there, says that something has changed and not what.
func parseWord(text string) word {
	state, ms, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n < 0 {
		return word{}
	}
	return word{state: state, ms: n}
}
