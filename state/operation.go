package state

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/keyspec"
)

// operation is one call on its way. Every call of the package begins with begin,
// where it is checked before anything is sent, and ends with end, where its
// error gets its label and the observer its report.
type operation struct {
	target
	ctx         context.Context
	name        string
	family      *family
	key         redisKey // once fullName has checked it
	replication Replication
	whole       bool    // of a batch: all keys or none
	buffer      *buffer // to encode into, or nil
	err         error
	bytes       int

	started time.Time
	finish  func(Outcome)
}

// begin returns an operation on a number of keys of f, or of none if f is nil.
// If it must not run, err says why.
func begin(ctx context.Context, t target, name string, f *family, keys int, needed permission) operation {
	o := operation{target: t, ctx: ctx, name: name, family: f}
	if t.store.isZero() {
		o.err = ErrNoStore
		return o
	}
	options := &t.store.options
	o.replication = options.Replication
	if observer := options.Observer; observer != nil {
		o.started = time.Now()
		o.ctx, o.finish = observer.Begin(ctx, Operation{Name: name, Family: o.template(), Keys: keys})
	}
	switch {
	case t.store.closed.Load():
		o.err = ErrClosed
	case t.tx != nil && t.tx.done.Load():
		o.err = ErrTxDone
	default:
		o.err = options.check(needed)
	}
	if o.err == nil && t.tx == nil {
		o.err = t.store.checkOutsideTx(ctx)
	}
	if o.err == nil && o.ctx.Err() != nil {
		o.err = ended(o.ctx)
	}
	return o
}

// beginKey is begin for one key.
func beginKey(ctx context.Context, t target, name string, k ref, needed permission) operation {
	o := begin(ctx, t, name, k.family, 1, needed)
	o.locate(k)
	return o
}

// locate finds out the name of the operation's key.
func (o *operation) locate(k ref) {
	if o.err != nil {
		return
	}
	if o.key, o.err = o.store.fullName(k); o.err == nil && o.tx != nil {
		o.err = o.tx.join(o.key.String(), o.template())
	}
}

// redisKey is the name of a key in Redis, in two parts: they are put together only
// where something needs them in one.
type redisKey struct {
	prefix, rest string
	watched      bool // its changes are announced
	db           int  // as those of this database
}

// String returns the name.
func (k redisKey) String() string { return k.prefix + k.rest }

// fullName returns the name of a key in Redis, or [ErrInvalidKey].
func (s *Store) fullName(k ref) (redisKey, error) {
	if k.family == nil {
		return redisKey{}, fmt.Errorf("%w: it is a zero Key; make one with a family", ErrInvalidKey)
	}
	if err := k.family.checkName(k.name); err != nil {
		return redisKey{}, err
	}
	key, err := s.withPrefix(k.name)
	key.watched, key.db = k.family.watched, s.db
	return key, err
}

// withPrefix returns name with the store's prefix, or [ErrInvalidKey] if they are
// too long together or the store is a tenant without an id.
func (s *Store) withPrefix(name string) (redisKey, error) {
	if keyspec.Marked(s.prefix) >= 0 {
		return redisKey{}, fmt.Errorf("%w: the tenant's id is empty", ErrInvalidKey)
	}
	if size, limit := len(s.prefix)+len(name), s.options.MaxKeyBytes; size > limit {
		return redisKey{}, fmt.Errorf("%w: it has %d bytes with its prefix, and Options.MaxKeyBytes is %d", ErrInvalidKey, size, limit)
	}
	return redisKey{prefix: s.prefix, rest: name}, nil
}

// fullName returns the name of the key in Redis, with an error that is labelled.
func (k ref) fullName(r Reader) (string, error) {
	t := readerOf(r)
	if t.store.isZero() {
		return "", &Error{Op: "Name", Err: ErrNoStore}
	}
	o := operation{target: t, name: "Name", family: k.family}
	o.key, o.err = t.store.fullName(k)
	return o.key.String(), o.end()
}

func (o *operation) exec() *exec.Client { return o.store.exec }

// do sends one command.
func (o *operation) do(cmd exec.Command) exec.Reply {
	if o.replication.Replicas == 0 || !cmd.Writes() {
		return o.exec().Do(o.ctx, cmd)
	}
	b := o.batch()
	reply := b.Add(cmd)
	o.exec().Send(o.ctx, b)
	return *reply
}

// batch returns a batch that asks of replicas what the operation does.
func (o *operation) batch() *exec.Batch {
	b := new(exec.Batch)
	b.Replicate(exec.Replication(o.replication))
	return b
}

func (o *operation) template() string {
	if o.family == nil {
		return ""
	}
	return o.family.template.String()
}

// end returns the operation's error as the caller gets it.
func (o *operation) end() error {
	if o.err == nil {
		return o.endWith(nil)
	}
	return o.endWith(&Error{Op: o.name, Family: o.template(), Err: o.err, key: o.key.String()})
}

// endWith is end for an error that is to reach the caller as it is.
func (o *operation) endWith(err error) error {
	if o.finish != nil {
		o.finish(Outcome{Err: err, Bytes: o.bytes, Duration: time.Since(o.started)})
	}
	return err
}
