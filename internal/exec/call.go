package exec

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// call is a command over all of its attempts.
type call struct {
	cmd     Command
	request *request // the attempt under way, or the last one
	reply   Reply
	// source says that the server did not know the script.
	source bool
	// ask is the node that a slot's move has the command sent to, or "", and
	// asked says that it was. go-redis follows it by itself, but not for writes
	// that wait for replicas, nor if it is told to follow nothing.
	ask   string
	asked bool

	batched   bool // one of a batch, even if the only one
	clustered bool
	attempts  int
}

func (c *call) writes() bool { return c.cmd.write }
func (c *call) asks() bool   { return c.ask != "" }

// attempt begins a new attempt of the call.
func (c *call) attempt(ctx context.Context) {
	cmd := &c.cmd
	if c.source {
		with := c.cmd.withSource()
		cmd = &with
	}
	c.request = newRequest(ctx, cmd)
}

// take notes how the attempt ended, which go-redis has returned from.
func (c *call) take() {
	c.reply = replyOf(c.request.Cmder)
	err := c.reply.err
	switch {
	case err == nil, !c.cmd.write:
	case c.request.mark.withdraw():
		c.reply.err = &notSentError{err}
	case !isReply(err):
		c.reply.err = &sentError{err}
	}
	c.ask = askedNode(err)
}

// abandon notes that the caller does not wait for the attempt any longer. What
// go-redis is still doing with it must not be looked at from here on.
func (c *call) abandon(why error) {
	if c.cmd.write && c.request.mark.withdraw() {
		why = &notSentError{why}
	}
	c.reply = Reply{err: why}
}

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
	switch {
	case err == nil, errors.Is(err, redis.Nil), c.cmd.once:
		return final
	case c.cmd.option && isReply(err), !c.clustered && isRedirection(err):
		return final
	case c.cmd.script != nil && !c.source && redis.HasErrorPrefix(err, "NOSCRIPT"):
		c.source = true
		return now
	case c.cmd.write && !NotExecuted(err):
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
