package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/redis/go-redis/v9"
)

// convoy makes round trips to a node, one after the other, each with all that waits
// then, until nothing does. What its callers give up on goes on in it: its requests
// are memory of its own, and hooks of the client see its context and not theirs.
type convoy struct {
	lane   *lane
	begun  time.Time // the round trip under way
	stuck  bool      // it counts as such
	aboard []*attempt
	pipe   redis.Pipeliner
	cancel context.CancelFunc // of a Cluster's
}

// A hook that panics, or ends its goroutine, breaks off a round trip.
var errBroken = errors.New("a hook of the client broke off the round trip")

func (v *convoy) run() {
	defer v.end()
	for {
		// Those who were just answered get a chance to be part of it.
		runtime.Gosched()
		if !v.board() {
			return
		}
		v.travel()
	}
}

// end takes the convoy off its lane.
func (v *convoy) end() {
	l := v.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	v.moves()
	for i, other := range l.convoys {
		if other == v {
			last := len(l.convoys) - 1
			l.convoys[i], l.convoys[last] = l.convoys[last], nil
			l.convoys = l.convoys[:last]
			break
		}
	}
	l.dispatch()
}

// moves notes that the convoy is not stuck.
func (v *convoy) moves() {
	if v.stuck {
		v.stuck = false
		v.lane.stuck--
	}
}

// board takes what waits, and returns false if nothing does or other convoys are
// enough.
func (v *convoy) board() bool {
	l := v.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	v.moves()
	clear(v.aboard)
	v.aboard = v.aboard[:0]
	if len(l.convoys)-l.stuck > l.limits.convoys {
		return false
	}
	for bytes := 0; l.first != nil && len(v.aboard) < chunkCommands; {
		a := l.first
		if bytes += a.bytes; bytes > chunkBytes && len(v.aboard) > 0 {
			break
		}
		l.unlink(a)
		a.state.Store(aboard) // who gives up takes it out of the queue first
		v.aboard = append(v.aboard, a)
	}
	v.begun = time.Now()
	return len(v.aboard) > 0
}

// travel makes one round trip.
func (v *convoy) travel() {
	failure := errBroken
	defer func() {
		if p := recover(); p != nil {
			failure = fmt.Errorf("%w: a panic with a %T", errBroken, p)
			v.pipe = nil
		}
		v.arrive(failure)
	}()
	if v.pipe == nil {
		v.pipe = v.lane.client.redis.Pipeline()
	}
	ctx := v.context()
	cmds := make([]redis.Cmder, len(v.aboard)) // hooks may keep it
	for i, a := range v.aboard {
		cmds[i] = a.self
	}
	_ = v.pipe.BatchProcess(ctx, cmds...) // only queues them
	execute(ctx, v.pipe)
	failure = nil
}

// arrive wakes the callers that are still there.
func (v *convoy) arrive(failure error) {
	if v.cancel != nil {
		v.cancel()
	}
	for _, a := range v.aboard {
		a.failure = failure
		if a.state.CompareAndSwap(aboard, arrived) {
			a.done <- struct{}{}
		}
	}
}

// recall has the attempts made anew whose keys have another owner, but for writes
// that may be on their way. The lane is locked.
func (v *convoy) recall() {
	moved := false
	for _, a := range v.aboard {
		if !v.lane.moved(a) {
			continue
		}
		moved = true
		if (!a.write || a.again || a.mark.withdraw()) && a.state.CompareAndSwap(aboard, recalled) {
			a.done <- struct{}{}
		}
	}
	if moved && v.cancel != nil {
		v.cancel() // it may be waiting for a connection
	}
}

// context returns the context of a round trip, which ends with the last of its
// callers' deadlines.
func (v *convoy) context() context.Context {
	var until int64
	for _, a := range v.aboard {
		if a.until == 0 {
			until = 0
			break
		}
		until = max(until, a.until)
	}
	var ctx context.Context = deadline(until)
	if v.lane.owner != nil {
		v.lane.mu.Lock()
		defer v.lane.mu.Unlock()
		ctx, v.cancel = context.WithCancel(ctx)
	}
	return ctx
}

// deadline is a context that has one, for the sockets, and ends with nothing: who
// waits for what has it watches a context of his own.
type deadline int64

// Deadline returns the time, if there is one.
func (d deadline) Deadline() (time.Time, bool) { return time.Unix(0, int64(d)), d != 0 }

// Done returns nil.
func (d deadline) Done() <-chan struct{} { return nil }

// Err returns nil.
func (d deadline) Err() error { return nil }

// Value returns nil.
func (d deadline) Value(any) any { return nil }
