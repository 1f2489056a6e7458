package state

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"reflect"
)

// Update changes the value at the key: it reads it, calls change with it, and
// stores it if what is stored is still what was read. If it is not, it begins
// again, so change may run several times, each time on a value just read; it
// should do nothing but change the value. No update is lost, whoever else writes.
//
// It fails with [ErrNotFound] if there is no value, [ErrConflict] if the value
// kept changing, an error of change as it is, and otherwise as [Key.Get] and
// [Key.Set] do. Where it fails nothing is changed, but for [ErrUnknownOutcome] and
// [ErrNotReplicated]. What is left of the TTL is kept, or extended to the TTL of a
// sliding family; [RefreshTTL] and [TTL] set another. A value that comes out with
// the same bytes is not written; replicas are waited for all the same, if they are
// asked for.
//
// With [OpID] a call that was applied before returns the value that is stored
// now, or a zero one if it is gone, and does not run change.
//
// It sends a script that reads and one that writes. O(n) in the length of the
// value.
func Update[T any](ctx context.Context, rw ReadWriter, k Key[T], change func(*T) error, opts ...UpdateOption) (v T, err error) {
	err = update(ctx, rw, "Update", k.ref, &v, editor(change, &v), opts)
	return v, err
}

// Upsert is [Update], but has change start from a zero value if there is none,
// which is then stored with the family's TTL or that of [TTL].
func Upsert[T any](ctx context.Context, rw ReadWriter, k Key[T], change func(*T) error, opts ...UpdateOption) (v T, err error) {
	err = update(ctx, rw, "Upsert", k.ref, &v, editor(change, &v), opts)
	return v, err
}

// editor returns what calls change, a func(*T) error, with v, a *T. A closure in
// [Update] would do without reflection, but the compiler would make it, and more
// of Update around it, for every family.
func editor(change, v any) func() error {
	return func() error {
		results := reflect.ValueOf(change).Call([]reflect.Value{reflect.ValueOf(v)})
		err, _ := reflect.TypeAssert[error](results[0])
		return err
	}
}

// UpdateInto is [Update] for generated code: v is a *T and change a func(*T) error.
func UpdateInto(ctx context.Context, rw ReadWriter, k AnyKey, v, change any, opts []UpdateOption) error {
	return update(ctx, rw, "Update", refOf(k), v, editor(change, v), opts)
}

// update has edit change what v points to.
func update(ctx context.Context, rw ReadWriter, name string, k ref, v any, edit func() error, opts []UpdateOption) error {
	o := beginKey(ctx, writerOf(rw), name, k, mayGet|maySet)
	given := collect(opts, UpdateOption.applyUpdate)
	o.replicate(&given)
	u := updating{operation: &o, edit: edit, given: &given, create: name == "Upsert"}
	if o.err == nil {
		u.receipt, o.err = o.receiptOf(&given)
	}
	for attempt := 1; o.err == nil; attempt++ {
		var done bool
		if done, o.err = u.try(v); done {
			break
		}
		zero(v)
		if o.err == nil {
			o.err = overtaken(o.ctx, attempt)
		}
	}
	if refusal, ok := errors.AsType[*editError](o.err); ok {
		return o.endWith(refusal.err)
	}
	return o.end()
}

// editError is an error of the caller's function, to be returned as it is.
type editError struct{ err error }

func (e *editError) Error() string { return e.err.Error() }

// updating is an update over its attempts.
type updating struct {
	*operation
	edit    func() error
	given   *callOptions
	receipt receipt
	create  bool
}

// try makes one attempt and returns whether the update is done; it is not if the
// value was changed by another in between.
func (u *updating) try(v any) (done bool, err error) {
	s, err := u.look(entryScript.ReadPrimary, u.receipt)
	if err != nil {
		return false, err
	}
	if s.receipt != nil {
		if _, _, err := u.receipt.answer(s.receipt, false); err != nil {
			return false, err
		}
		if err := u.current(&s, v); err != nil {
			return false, err
		}
		return true, u.confirm(&u.receipt)
	}
	if u.decodeSnapshot(&s, v); u.err != nil && (s.present || !u.create) {
		return false, u.err
	}
	u.err = nil
	if err := u.edit(); err != nil {
		return false, &editError{err}
	}
	c, err := u.change(&s, v)
	if err != nil || c.action == actionNone && c.receipt.key == "" && u.replication.Replicas == 0 {
		return err == nil, err
	}
	e, err := u.make(&c)
	if e.again {
		// Another call with the same id was faster.
		zero(v)
		done, failed := u.try(v)
		return done, cmp.Or(err, failed)
	}
	return !e.refused && err == nil || errors.Is(err, ErrNotReplicated), err
}

// current reads what is stored into what v points to, which it leaves zero if
// there is nothing.
func (u *updating) current(s *snapshot, v any) error {
	if !s.present {
		return nil
	}
	u.decode(s.data, v)
	return u.err
}

// change returns what stores the value that v points to in place of the snapshot.
func (u *updating) change(s *snapshot, v any) (c change, err error) {
	c = change{key: u.key, expect: s.token().expectation(), receipt: u.receipt}
	if c.ms, err = u.family.lifetime(u.given); err != nil {
		return c, err
	}
	if c.data, err = u.encode(v); err != nil {
		return c, err
	}
	fresh := u.given.given || u.given.refresh
	same := s.present && bytes.Equal(c.data, s.data)
	switch {
	case same && !fresh && !u.family.sliding:
		c.action, c.data = actionNone, nil
	case same && fresh && c.ms > 0:
		c.action, c.data = actionExpire, nil
	case same && !fresh:
		c.action, c.data = actionLonger, nil
	case fresh || !s.present:
		c.action = actionSet
	case u.family.sliding:
		c.action = actionExtend
	default:
		c.action = actionKeep
	}
	return c, nil
}
