package state

import (
	_ "embed"
	"errors"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// sighting is what a watcher has found at a key.
type sighting struct {
	present bool
	token   Token
	data    []byte
	known   bool // the value is one that the watcher knows, and data is left out
	left    time.Duration
	expires int64 // when, by the clock of the server, in Unix milliseconds; below 0 never
	time    int64 // the same clock when this was read, in microseconds, or 0
	at      time.Time
	err     error // why there is nothing to show, such as ErrWrongType
}

//go:embed watch.lua
var watchSource string

var watchScript = exec.NewScript(watchSource)

// sight returns the command that looks at the key. It replies without the value if
// known is still its token.
func (w *watcher) sight(key string, known Token) exec.Command {
	digest := ""
	if known.kind == tokenValue {
		digest = known.String()
	}
	read := watchScript.Read
	if w.exec().ReadsReplicas() {
		read = watchScript.ReadPrimary
	}
	return read([]string{key}, digest).Expecting(w.family.usualBytes())
}

// sighted returns what the reply to the command of sight shows. A key of another type is
// a sighting too.
func (w *watcher) sighted(reply exec.Reply, known Token, now time.Time) (sighting, error) {
	s, err := sightingOf(reply, known, now)
	if err = cause(w.ctx, err); errors.Is(err, ErrWrongType) {
		return sighting{present: true, left: NoTTL, at: now, err: err}, nil
	}
	return s, err
}

// sightingOf reads the reply to the command of sight.
func sightingOf(reply exec.Reply, known Token, now time.Time) (s sighting, err error) {
	list, err := reply.List()
	if err != nil {
		return s, err
	}
	if len(list) != 5 {
		return s, errMalformed
	}
	ms, sound := list[1].(int64)
	s.left, s.at = lifeOf(ms), now
	expires, also := list[2].(int64)
	s.expires = expires
	seconds, isText := list[3].(string)
	micros, isAlso := list[4].(string)
	s.time, err = microsOf(seconds, micros)
	if !sound || !also || !isText || !isAlso || err != nil {
		return s, errMalformed
	}
	switch value := list[0].(type) {
	case nil:
		s.token, s.left = Absent(), 0
	case int64:
		s.present, s.known, s.token = true, true, known
	default:
		s.present = true
		if s.data, err = exec.Bytes(value); err == nil {
			s.token = tokenOf(s.data)
		}
	}
	return s, err
}
