package state

import (
	_ "embed"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/exec"
)

// expectation says what must be stored for a change to happen: one of these, or
// the digest of a token.
type expectation string

const (
	expectAnything expectation = "*"
	expectAbsent   expectation = "-"
	expectPresent  expectation = "+"
	expectNever    expectation = "" // no digest is empty
)

// action says what a change does.
type action string

const (
	actionNone   action = "none"
	actionSet    action = "set"
	actionKeep   action = "keep"   // set, with what is left of the TTL
	actionExtend action = "extend" // set, with what is left of the TTL if that is longer
	actionExpire action = "expire"
	actionLonger action = "longer" // expire, if that is later
	actionUnlink action = "del"
)

// stores reports whether the action stores a value.
func (a action) stores() bool { return a == actionSet || a == actionKeep || a == actionExtend }

// change is a change of one key, ready to be made.
type change struct {
	key     redisKey
	expect  expectation
	action  action
	data    []byte
	ms      int64 // until the value expires, 0 for ever
	old     bool  // tell what was there before
	receipt receipt
}

// effect is what a change did.
type effect struct {
	refused bool // what is stored is not what was expected
	again   bool // the call was applied before, and old is of that time
	old     []byte
	had     bool // there was a value before, where old was asked for
	settled bool // nothing can still send the change's data
}

//go:embed commit.lua
var commitSource string

var commitScript = exec.NewScript(commitSource)

// args are the change's part of the arguments of the script.
func (c *change) args() []any {
	return []any{string(c.expect), string(c.action), c.data, c.ms, c.announces()}
}

// script returns the command that makes the change if a plain one cannot.
func (c *change) script() exec.Command {
	keys, ttl := []string{c.key.String()}, ""
	if c.receipt.key != "" {
		keys, ttl = append(keys, c.receipt.key), c.receipt.ttl
	}
	old := ""
	if c.old {
		old = "1"
	}
	return commitScript.Write(keys, append([]any{ttl, c.receipt.says, old}, c.args()...)...)
}

// plain returns the command of Redis that makes the change, if there is one. That
// of a watched key is a script that replies as the command does.
func (c *change) plain() (exec.Command, bool) {
	if c.receipt.key != "" {
		return exec.Command{}, false
	}
	switch {
	case c.action == actionSet && (c.expect == expectAnything || !c.old && c.expect == expectAbsent || !c.old && c.expect == expectPresent):
		o := exec.SetOptions{Milliseconds: c.ms, Old: c.old}
		switch c.expect {
		case expectAbsent:
			o.If = "nx"
		case expectPresent:
			o.If = "xx"
		}
		if c.key.watched {
			return announced(c.key, c.word(), "set", setArgs(c.data, o)...), true
		}
		return exec.SetUnder(c.key.prefix, c.key.rest, c.data, o), true
	case c.action == actionExpire && c.expect == expectPresent:
		if c.key.watched {
			return announced(c.key, c.word(), "pexpire", c.ms), true
		}
		return exec.Write("pexpire", c.key.String(), c.ms), true
	case c.action == actionUnlink && c.expect == expectAnything && !c.old:
		if c.key.watched {
			return announced(c.key, c.word(), "unlink"), true
		}
		return exec.Write("unlink", c.key.String()), true
	}
	return exec.Command{}, false
}

// setArgs returns the arguments of SET after the key.
func setArgs(data []byte, o exec.SetOptions) []any {
	args := append(make([]any, 0, 5), data)
	if o.Milliseconds > 0 {
		args = append(args, "px", o.Milliseconds)
	}
	if o.If != "" {
		args = append(args, o.If)
	}
	if o.Old {
		args = append(args, "get")
	}
	return args
}

// command returns the command that makes the change, and whether it is a plain one.
func (c *change) command() (cmd exec.Command, plain bool) {
	if cmd, plain = c.plain(); plain {
		return cmd, true
	}
	return c.script(), false
}

// plainEffect reads the reply of a plain command. A nil is a condition that does
// not hold, or no value before.
func (c *change) plainEffect(r exec.Reply) (e effect, err error) {
	if c.action != actionSet {
		n, err := r.Int()
		return effect{refused: n == 0 && c.expect == expectPresent, had: n > 0}, err
	}
	switch err := r.Err(); {
	case errors.Is(err, redis.Nil):
		return effect{refused: !c.old}, nil
	case err != nil || !c.old:
		return effect{}, err
	}
	e.old, err = r.Bytes()
	e.had = err == nil
	return e, err
}

// scriptEffect reads the reply of the script.
func scriptEffect(r exec.Reply) (e effect, err error) {
	verdict, list, err := verdictOf(r)
	if err != nil {
		return effect{}, err
	}
	switch e.refused, e.again = verdict == refusedVerdict, verdict == againVerdict; {
	case e.again && len(list) > 0:
		e.old, err = exec.Bytes(list[0])
	case !e.refused && len(list) > 0 && list[0] != nil:
		e.had = true
		e.old, err = exec.Bytes(list[0])
	}
	return e, err
}

const (
	refusedVerdict = "no"
	againVerdict   = "again"
)

// verdictOf returns the first word of the script's reply and what follows it.
func verdictOf(r exec.Reply) (verdict string, rest []any, err error) {
	list, err := r.List()
	if err != nil {
		return "", nil, err
	}
	if len(list) == 0 {
		return "", nil, errMalformed
	}
	word, err := exec.Bytes(list[0])
	return string(word), list[1:], err
}

// make makes a change, or has the transaction make it. A receipt of the call and
// too few replicas are seen to; that the change was refused is for the caller.
func (o *operation) make(c *change) (e effect, err error) {
	if o.tx != nil {
		kept := *c
		return o.tx.change(o, &kept)
	}
	cmd, plain := c.command()
	return o.settle(c, plain, o.do(cmd))
}

// settle returns what became of a change.
func (o *operation) settle(c *change, plain bool, reply exec.Reply) (e effect, err error) {
	if plain {
		e, err = c.plainEffect(reply)
	} else {
		e, err = scriptEffect(reply)
	}
	if err != nil {
		return effect{}, writeCause(o.ctx, err)
	}
	e.settled = reply.Settled()
	if e.refused {
		return e, nil
	}
	if e.again {
		if e.old, e.had, err = c.receipt.answer(e.old, c.old); err != nil {
			return effect{}, err
		}
	}
	return e, o.replicated(reply)
}
