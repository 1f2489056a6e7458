package ratelimit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/state"
)

const (
	firstPause   = 10 * time.Millisecond
	longestPause = time.Second
	// slowReplies is how often a permit may come too late before the caller is told.
	slowReplies = 3
)

var errSlow = fmt.Errorf("%w before the server's reply was here; give the family a longer lease", ErrPermitLost)

// claim is a call for a permit, which may ask many times.
type claim struct {
	bridge.Operation
	semaphore *semaphore
	key       string
	member    string // the same each time, so that nothing asked before takes a second place
	// loose says that the server may have given the permit, or may still, though the
	// caller does not get it.
	loose bool
}

// acquire takes a permit of a subject, now or as soon as there is one.
func (s *semaphore) acquire(ctx context.Context, op, name string, waits bool) (*Permit, error) {
	o, key, err := s.begin(ctx, op, name, bridge.Set)
	if err != nil {
		return nil, o.End(o.Label(key, err))
	}
	c := claim{Operation: o, semaphore: s, key: key, member: newMember(s.lease)}
	fence, begun, err := c.ask(waits)
	if err != nil {
		if c.loose {
			s.giveUp(ctx, name, c.member)
		}
		return nil, o.End(o.Label(key, err))
	}
	return newPermit(s, name, c.member, fence, begun), o.End(nil)
}

// newMember returns the member of a new permit in the sorted set of its subject: an id that
// no other has, and the lease. By that a script tells a long lease from one that only a clock
// set back has made longer, as families with another lease may share the subject.
func newMember(lease time.Duration) string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:]) + ":" + strconv.FormatInt(lease.Microseconds(), 10)
}

// ask asks for the permit until there is one, or once. It returns the fencing number, and
// a time before the lease began.
func (c *claim) ask(waits bool) (fence int64, begun time.Time, err error) {
	pause, late := firstPause, 0
	for {
		begun = time.Now()
		a, err := c.send()
		switch {
		case err != nil:
			return 0, begun, c.Cause(err, false)
		case a.granted && time.Since(begun) < c.semaphore.trusted():
			return a.number, begun, nil
		case a.granted:
			// The member is there, so asking again has its lease begin again.
			if late++; late == slowReplies {
				c.loose = true
				return 0, begun, errSlow
			}
			continue
		}
		full := &FullError{RetryAfter: a.retryAfter, InUse: int(a.number)}
		if !waits {
			return 0, begun, full
		}
		if err := c.wait(pauseOf(pause, full.RetryAfter)); err != nil {
			return 0, begun, fmt.Errorf("%w: %w", err, full)
		}
		pause = min(2*pause, longestPause)
	}
}

// send asks once, with what exec repeats.
func (c *claim) send() (answer, error) {
	if c.Closed() {
		return answer{}, state.ErrClosed
	}
	s := c.semaphore
	reply := c.Client().Do(c.Context(), semaphoreScript.ReadPrimary([]string{c.key},
		c.member, s.lease.Microseconds(), s.permits, keepFence.Milliseconds()))
	c.loose = c.loose || !reply.Settled()
	return answerOf(reply)
}

// wait returns why the context has ended meanwhile, or nil.
func (c *claim) wait(pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.Context().Done():
		return c.Cause(c.Context().Err(), false)
	}
}

// pauseOf returns how long to wait before asking again: up to longest, and not much longer
// than until there is a permit whose holder has died. A part is random, so that those
// who wait do not come together.
func pauseOf(longest, retryAfter time.Duration) time.Duration {
	if retryAfter < longest {
		return retryAfter + jitter(firstPause)
	}
	return longest/2 + jitter(longest/2)
}

func jitter(d time.Duration) time.Duration { return mathrand.N(d) } //nolint:gosec // nobody gains by guessing it

// answer is what the script of the semaphore replies.
type answer struct {
	granted    bool
	number     int64 // the fencing number, or how many permits are in use
	retryAfter time.Duration
}

func answerOf(reply exec.Reply) (answer, error) {
	list, err := reply.List()
	if err != nil {
		return answer{}, err
	}
	if len(list) < 2 {
		return answer{}, errReply
	}
	var numbers [3]int64
	for i, v := range list[:min(len(list), 3)] {
		n, ok := v.(int64)
		if !ok {
			return answer{}, errReply
		}
		numbers[i] = n
	}
	return answer{granted: numbers[0] == 1, number: numbers[1], retryAfter: time.Duration(numbers[2]) * time.Microsecond}, nil
}
