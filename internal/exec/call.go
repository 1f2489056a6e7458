package exec

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// call is a command over all of its attempts.
type call struct {
	cmd     Command
	request request // the attempt under way, or the last one
	reply   Reply
	// source says that the server did not know the script.
	source bool
	// ask is the node that a slot's move has the command sent to, or "", and
	// asked says that it was. go-redis follows it by itself, but not for writes
	// that wait for replicas, nor if it is told to follow nothing.
	ask   string
	asked bool

	number    int  // in its batch
	batched   bool // one of a batch, even if the only one
	clustered bool
	loose     bool // an attempt was left behind, and may still hold the arguments
	unsure    bool // an attempt of an idempotent write may have been executed
	attempts  int
}

func (c *call) writes() bool { return c.cmd.write }
func (c *call) asks() bool   { return c.ask != "" }

// begin begins a new attempt of each call. Reads of one string, of which there can
// be many, share a piece of memory.
func begin(calls []*call) {
	var room []getRequest
	for i, one := range calls {
		if one.cmd.kind != get {
			one.begin()
			continue
		}
		if len(room) == 0 && len(calls) > 1 {
			room = make([]getRequest, len(calls)-i)
		}
		if len(room) == 0 {
			one.begin()
			continue
		}
		one.request, room = newGet(&one.cmd, one.clustered, &room[0]), room[1:]
		route(one.request, one.clustered)
	}
}

// begin begins a new attempt of the call.
func (c *call) begin() {
	if c.source {
		with := c.cmd.withSource()
		c.request = newRequest(&with, c.clustered)
		return
	}
	c.request = newRequest(&c.cmd, c.clustered)
}

// take notes how the attempt ended, which go-redis has returned from.
func (c *call) take() {
	c.reply = c.request.reply()
	c.reply.redirected = c.request.common().redirected.Load()
	err := c.reply.err
	if err == nil || isReply(err) {
		// A hook may have made up the outcome, and left go-redis writing. Only what
		// holds an answer was answered.
		c.loose = c.loose || err == nil && c.reply.text == "" && c.reply.value == nil
	} else {
		c.loose = true
	}
	c.ask = askedNode(err)
	switch mark := &c.request.common().mark; {
	case err == nil, !c.cmd.write:
	case mark.withdraw():
		c.reply.err = &notSentError{err}
	case refuses(err):
		// It was sent again after that, to where a redirection pointed, and go-redis
		// keeps the first error of a command.
		c.loose, c.ask = true, ""
		c.reply.err = &sentError{errUnanswered}
	case !isReply(err):
		c.reply.err = &sentError{err}
	}
	c.reply.settled = !c.loose
}

// abandon notes that the caller does not wait for the attempt any longer. What
// go-redis is still doing with it must not be looked at from here on.
func (c *call) abandon(why error) {
	if c.cmd.write && c.request.common().mark.withdraw() {
		why = &notSentError{why}
	}
	c.loose = true
	c.reply = Reply{err: why}
}

// fail notes that there was no attempt.
func (c *call) fail(why error) { c.reply = Reply{err: &notSentError{why}, settled: !c.loose} }

var errUnanswered = errors.New("no reply from where a redirection pointed")

// verdict says what becomes of a call after an attempt.
type verdict uint8

const (
	final verdict = iota
	now           // the reply says what to do in its place
	later         // the servers or the network are not ready
)

// closedAttempts is how often a node's client may be found closed, which happens
// when the node leaves the Cluster, before the Cluster's own is taken for closed.
const closedAttempts = 3

// judge returns what becomes of the call. patient says that the caller has given
// a deadline.
func (c *call) judge(patient bool) verdict {
	err := c.reply.err
	c.attempts++
	if c.cmd.again && err != nil {
		if c.unsure = c.unsure || !NotExecuted(err); c.unsure && NotExecuted(err) {
			c.reply.err = &sentError{err}
		}
	}
	switch {
	case err == nil, errors.Is(err, redis.Nil), c.cmd.once:
		return final
	case c.cmd.option && isReply(err), !c.clustered && isRedirection(err):
		return final
	case c.cmd.script != nil && !c.source && redis.HasErrorPrefix(err, "NOSCRIPT"):
		c.source = true
		return now
	case c.cmd.write && !c.cmd.again && !NotExecuted(err):
		return final
	case c.ask != "" && !c.asked:
		c.asked = true
		return now
	case passing(err, patient), c.clustered && c.attempts < closedAttempts && errors.Is(err, redis.ErrClosed):
		c.ask, c.asked = "", false
		return later
	}
	return final
}

// do makes attempts of one call until it has a reply or must not be tried again.
func (c *Client) do(ctx context.Context, one *call) {
	for retries := newRetries(ctx); ; {
		c.try(ctx, one)
		v := one.judge(retries.patient)
		if v == final || ctx.Err() != nil || v == later && !c.wait(ctx, &retries) {
			return
		}
	}
}

// wait waits before another attempt, in which a Cluster's client learns who owns
// what. It returns false where there is no time for one.
func (c *Client) wait(ctx context.Context, r *retries) bool {
	if c.topology != nil {
		c.topology.trouble()
		c.topology.reload(ctx)
	}
	return r.wait(ctx)
}

// try makes one attempt of the call: by itself while few are under way and if it is
// large, and otherwise in a round trip with others.
func (c *Client) try(ctx context.Context, one *call) {
	if err := ctx.Err(); err != nil {
		one.fail(err)
		return
	}
	if c.topology != nil {
		if err := c.topology.load(ctx); err != nil {
			one.fail(err)
			return
		}
	}
	one.begin()
	if one.asks() || c.topology.splits(ctx, one) {
		c.apart(ctx, one)
		return
	}
	l := c.lanes.of(ctx, one.request)
	if l == nil {
		c.alone(ctx, one, nil)
		return
	}
	defer l.leave() // whatever a hook does
	bytes := one.cmd.size() + one.cmd.expected
	if l.enter() && bytes <= largeBytes {
		l.carry(ctx, one, bytes)
	} else {
		c.alone(ctx, one, l)
	}
}

// apart makes the attempt as that of a batch of one.
func (c *Client) apart(ctx context.Context, one *call) {
	own := new(call) // the caller's stays where it is if it is left behind
	*own = *one
	c.flight(ctx, []*call{own}, Replication{})
	*one = *own
}

// alone makes the attempt on a connection of its own.
func (c *Client) alone(ctx context.Context, one *call, l *lane) {
	if c.detaches(ctx, false) {
		c.apart(ctx, one)
		return
	}
	if c.topology == nil || l == nil {
		_ = c.redis.Process(ctx, one.request) // the request holds the error
		one.take()
		return
	}
	defer l.unwatch(l.watch())
	g := &lateGuard{Context: ctx, client: c, owner: l.owner, request: one.request.common()}
	defer g.stop()
	_ = c.redis.Process(g, one.request)
	one.take()
}
