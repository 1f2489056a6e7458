package state

import (
	"fmt"
	"io"
	"time"
)

// SetOption changes one call of Set, SetMany, SetIfAbsent, Replace, Swap or SetIf.
type SetOption interface{ applySet(*callOptions) }

// UpdateOption changes one call of Update or Upsert.
type UpdateOption interface{ applyUpdate(*callOptions) }

// TouchOption changes one call of Touch.
type TouchOption interface{ applyTouch(*callOptions) }

// RemoveOption changes one call of Take or RemoveIf.
type RemoveOption interface{ applyRemove(*callOptions) }

// TxOption changes one call of Atomically.
type TxOption interface{ applyTx(*callOptions) }

// WriteOption is an option of every call that writes or removes.
type WriteOption interface {
	SetOption
	UpdateOption
	TouchOption
	RemoveOption
	TxOption
}

// OpID gives a call an id, under which Redis remembers for Options.ReceiptTTL that
// it was applied. A repeat of the call with the same id, after
// [ErrUnknownOutcome] or a crash, is answered as the first was and not applied
// again. With it, and only with it, a caller that repeats until it succeeds has
// an exact count.
//
// The id is unique to the call, such as that of a message or an order; one that
// was used for another operation on the key is an error. It costs a second key
// for each call, in the slot of the first: the receipt. A receipt that has
// expired remembers nothing, so repeat well before that.
func OpID(id string) WriteOption { return opIDOption{id} }

// Replicated has a call wait, after its write, until that many replicas have it,
// for up to timeout, and fail with [ErrNotReplicated] if they have not. It sends
// WAIT on the connection that wrote. See [Options.Replication], which is the same
// for every call of a store.
func Replicated(replicas int, timeout time.Duration) WriteOption {
	return replicatedOption{Replicas: replicas, Timeout: timeout}
}

// callOptions are what the options of one call add up to.
type callOptions struct {
	ttl     time.Duration
	given   bool // ttl was
	keep    bool
	refresh bool

	once bool
	opID string

	replication *Replication
}

type opIDOption struct{ id string }

// Format prints nothing of the id, which can name a person.
func (opIDOption) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "state.OpID") }

func (o opIDOption) apply(c *callOptions)       { c.once, c.opID = true, o.id }
func (o opIDOption) applySet(c *callOptions)    { o.apply(c) }
func (o opIDOption) applyUpdate(c *callOptions) { o.apply(c) }
func (o opIDOption) applyTouch(c *callOptions)  { o.apply(c) }
func (o opIDOption) applyRemove(c *callOptions) { o.apply(c) }
func (o opIDOption) applyTx(c *callOptions)     { o.apply(c) }

type replicatedOption Replication

func (o replicatedOption) apply(c *callOptions)       { c.replication = (*Replication)(&o) }
func (o replicatedOption) applySet(c *callOptions)    { o.apply(c) }
func (o replicatedOption) applyUpdate(c *callOptions) { o.apply(c) }
func (o replicatedOption) applyTouch(c *callOptions)  { o.apply(c) }
func (o replicatedOption) applyRemove(c *callOptions) { o.apply(c) }
func (o replicatedOption) applyTx(c *callOptions)     { o.apply(c) }

// collect returns what the options add up to. A nil option is none.
func collect[O comparable](opts []O, apply func(O, *callOptions)) callOptions {
	if len(opts) == 0 {
		return callOptions{} // and no memory for them, which all options have to be given
	}
	return collectSome(opts, apply)
}

func collectSome[O comparable](opts []O, apply func(O, *callOptions)) callOptions {
	var all callOptions
	var none O
	for _, o := range opts {
		if o != none {
			apply(o, &all)
		}
	}
	return all
}
