package listen

import (
	"errors"
	"time"
)

const (
	// healthEvery is how often a connection is looked at.
	healthEvery = 100 * time.Millisecond
	// quietLimit is how long a connection may say nothing before it is asked.
	quietLimit = 500 * time.Millisecond
	// answerLimit is how long it may take to answer.
	answerLimit = 1250 * time.Millisecond
)

// errSilent says that a node does not answer.
var errSilent = errors.New("the connection is silent")

// pulse tells whether a node is still there. A network that swallows everything
// breaks no connection.
type pulse struct {
	count uint64    // how much was heard
	at    time.Time // since when no more
	asked time.Time // since when there is a question; zero if there is none
}

// feel takes how much was heard by now. It returns whether to ask, or [errSilent].
// The time counts from the question on, so that a process that was stopped for long
// does not take its connections for broken.
func (p *pulse) feel(count uint64, now time.Time) (ask bool, err error) {
	switch {
	case count != p.count:
		*p = pulse{count: count, at: now}
	case !p.asked.IsZero():
		if now.Sub(p.asked) >= answerLimit {
			return false, errSilent
		}
	case now.Sub(p.at) >= quietLimit:
		p.asked = now
		return true, nil
	}
	return false, nil
}
