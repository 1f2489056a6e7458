package state

import (
	"crypto/sha1" //nolint:gosec // what tokens are
	"errors"
	"strconv"
	"strings"
)

// A word is what a write announces of a change, on the channel of the key, as texts
// with spaces between them. Channels are those of all databases of a server.
type word struct {
	db int // the database, below 0 if that is not known
	// state is what is stored from then on: a token, [wordAbsent] or [wordTTL].
	state string
	ms    int64 // for how long, 0 for ever
	at    int64 // the server's time of the write, in microseconds, or 0
}

const (
	// wordAbsent says that the value was removed.
	wordAbsent = absentText
	// wordTTL says that the value stays as it is and lives for another time.
	wordTTL = "ttl"
	// maxWordState is the length of the longest state, a token.
	maxWordState = 2 * sha1.Size
)

// head is the word without what only the server knows.
func (w word) head() string { return strconv.Itoa(w.db) + " " + w.state }

// parseWord reads what was published. Whatever is no word, such as what another
// program publishes there, says that something has changed and not what.
func parseWord(text string) (w word) {
	db, rest, _ := strings.Cut(text, " ")
	state, rest, _ := strings.Cut(rest, " ")
	ms, rest, _ := strings.Cut(rest, " ")
	seconds, micros, _ := strings.Cut(rest, " ")
	if len(state) > maxWordState {
		return word{db: -1}
	}
	w.state = strings.Clone(state) // the text may be longer than it should, and w is kept
	var errs [3]error
	w.db, errs[0] = strconv.Atoi(db)
	w.ms, errs[1] = strconv.ParseInt(ms, 10, 64)
	w.at, errs[2] = microsOf(seconds, micros)
	if errs != [3]error{} || w.state == "" || w.ms < 0 {
		return word{db: -1}
	}
	return w
}

// microsOf returns a time that TIME has told, in microseconds.
func microsOf(seconds, micros string) (int64, error) {
	s, err := strconv.ParseUint(seconds, 10, 40)
	m, also := strconv.ParseUint(micros, 10, 20)
	return int64(s)*1_000_000 + int64(m), errors.Join(err, also)
}

// lifeTolerance is by how many milliseconds the end of a value's time may differ from
// what was announced, as that was computed an instant later.
const lifeTolerance = 3

// names reports whether the word announces what was read: the same bytes and, unless
// that is to be lenient, for the same time.
func (w *word) names(s *sighting, lenient bool) bool {
	switch {
	case w.state != s.token.String():
		return false
	case !s.present || lenient:
		return true
	case w.ms == 0 || s.expires < 0:
		return w.ms == 0 && s.expires < 0
	}
	off := w.at/1000 + w.ms - s.expires
	return -lifeTolerance <= off && off <= lifeTolerance
}
