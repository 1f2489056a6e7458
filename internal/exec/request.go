package exec

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// request is one attempt of a command: what go-redis is given. It shares nothing
// with another attempt. Redirections of Redis Cluster are still followed: they
// prove that the command was not executed.
type request interface {
	redis.Cmder
	reply() Reply
	common() *attempt
}

// attempt is what all requests have besides a command of go-redis.
type attempt struct {
	mark  mark
	key   text // empty if the command has none
	write bool
	again bool
	// redirected says that a node of a Cluster has named another.
	redirected atomic.Bool

	// The rest is for one that shares a round trip; see lane.go.
	self       request
	state      atomic.Uint32
	next, prev *attempt // in the queue
	bytes      int      // about how many it and its reply have
	until      int64    // the caller's deadline, in Unix nanoseconds, or 0
	done       chan struct{}
	failure    error // what broke the flight, if go-redis did not say so
}

func (a *attempt) common() *attempt { return a }

// Name returns the name of the command.
func (a *attempt) Name() string { return a.mark.name }

// NoRetry has go-redis send the request once, also in a pipeline.
func (*attempt) NoRetry() bool { return true }

// noted notes what an error of the request tells of it.
func (a *attempt) noted(err error) {
	if err != nil && isRedirection(err) {
		a.redirected.Store(true)
	}
	if a.write && refuses(err) {
		a.mark.refused()
	}
}

// placeKey puts the parts of the key together, in room if they fit, and returns
// them as an argument. A Cluster's client wants a string, to find out the slot.
func (a *attempt) placeKey(room []byte, c *Command, clustered bool) any {
	a.key.bytes = append(append(room, c.prefix...), c.key...)
	if clustered {
		return stringOf(a.key.bytes)
	}
	return &a.key
}

// A request has room for keys and numbers of this length.
const (
	keyRoom    = 64
	numberRoom = 20
)

type getRequest struct {
	redis.StringCmd
	attempt
	args [2]any
	room [keyRoom]byte
}

// SetErr is what go-redis calls with the outcome.
func (r *getRequest) SetErr(err error) { r.noted(err); r.StringCmd.SetErr(err) }
func (r *getRequest) reply() Reply     { return textReply(&r.StringCmd) }

type setRequest struct {
	redis.StringCmd
	attempt
	args  [7]any
	data  text
	life  text
	room  [keyRoom]byte
	digit [numberRoom]byte
}

// SetErr is what go-redis calls with the outcome.
func (r *setRequest) SetErr(err error) { r.noted(err); r.StringCmd.SetErr(err) }
func (r *setRequest) reply() Reply     { return textReply(&r.StringCmd) }

type generalRequest struct {
	redis.Cmd
	attempt
}

// SetErr is what go-redis calls with the outcome.
func (r *generalRequest) SetErr(err error) { r.noted(err); r.Cmd.SetErr(err) }
func (r *generalRequest) reply() Reply     { return Reply{value: r.Val(), err: r.Err()} }

func textReply(cmd *redis.StringCmd) Reply {
	text, err := cmd.Result()
	return Reply{text: text, isText: true, err: err}
}

// newRequest returns an attempt of c.
func newRequest(c *Command, clustered bool) request {
	var r request
	switch c.kind {
	case get:
		r = newGet(c, clustered, new(getRequest))
	case set:
		r = newSet(c, clustered)
	default:
		r = newGeneral(c)
	}
	route(r, clustered)
	return r
}

// route spares go-redis to look up, for each call and with a timer, what matters
// only to commands that it splits by slot.
func route(cmd redis.Cmder, clustered bool) {
	if clustered {
		cmd.SetStepCount(1)
	}
}

func newGet(c *Command, clustered bool, r *getRequest) request {
	r.mark.name = c.name
	r.args = [...]any{"get", r.placeKey(r.room[:0], c, clustered)}
	place(&r.StringCmd, redis.NewStringCmd(context.Background(), r.args[:]...))
	return r
}

func newSet(c *Command, clustered bool) request {
	r := new(setRequest)
	r.mark.name, r.write, r.data.bytes = c.name, true, c.data
	args := append(r.args[:0], &r.mark, r.placeKey(r.room[:0], c, clustered), &r.data)
	if c.set.Milliseconds > 0 {
		r.life.bytes = strconv.AppendInt(r.digit[:0], c.set.Milliseconds, 10)
		args = append(args, "px", &r.life)
	}
	if c.set.If != "" {
		args = append(args, c.set.If)
	}
	if c.set.Old {
		args = append(args, "get")
	}
	place(&r.StringCmd, redis.NewStringCmd(context.Background(), args...))
	return r
}

func newGeneral(c *Command) request {
	r := new(generalRequest)
	r.mark.name, r.write, r.again = c.name, c.write, c.again
	args := c.arguments()
	if c.write {
		if c.kind != prepared {
			args = append(make([]any, 0, len(args)), args...)
		}
		args[0] = &r.mark
	}
	if key := c.routingKey(); key != "" {
		r.key.bytes = bytesOf(key)
	}
	place(&r.Cmd, redis.NewCmd(context.Background(), args...))
	return r
}

// place moves a command that is new and was not used to where it belongs, so that
// it is one piece of memory with its request.
func place[T any](to, from *T) { *to = *from }
