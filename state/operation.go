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
	ctx    context.Context
	store  *Store
	name   string
	family *family
	key    string // with prefix, once fullName has checked it
	err    error
	bytes  int

	started time.Time
	finish  func(Outcome)
}

// begin returns an operation on a number of keys of f, or of none if f is nil.
// If it must not run, err says why.
func begin(ctx context.Context, s *Store, name string, f *family, keys int, needed permission) operation {
	o := operation{ctx: ctx, store: s, name: name, family: f}
	if s.isZero() {
		o.err = ErrNoStore
		return o
	}
	if observer := s.options.Observer; observer != nil {
		o.started = time.Now()
		o.ctx, o.finish = observer.Begin(ctx, Operation{Name: name, Family: o.template(), Keys: keys})
	}
	if s.closed.Load() {
		o.err = ErrClosed
	} else if o.err = s.options.check(needed); o.err == nil && o.ctx.Err() != nil {
		o.err = ended(o.ctx)
	}
	return o
}

// beginKey is begin for one key.
func beginKey(ctx context.Context, s *Store, name string, k ref, needed permission) operation {
	o := begin(ctx, s, name, k.family, 1, needed)
	if o.err == nil {
		o.key, o.err = s.fullName(k)
	}
	return o
}

// fullName returns the name of a key in Redis, or [ErrInvalidKey].
func (s *Store) fullName(k ref) (string, error) {
	if k.family == nil {
		return "", fmt.Errorf("%w: it is a zero Key; make one with a family", ErrInvalidKey)
	}
	if err := k.family.checkName(k.name); err != nil {
		return "", err
	}
	return s.withPrefix(k.name)
}

// withPrefix returns the store's prefix and name together, or [ErrInvalidKey] if
// they are too long or the store is a tenant without an id.
func (s *Store) withPrefix(name string) (string, error) {
	if keyspec.Marked(s.prefix) >= 0 {
		return "", fmt.Errorf("%w: the tenant's id is empty", ErrInvalidKey)
	}
	full := s.prefix + name
	if limit := s.options.MaxKeyBytes; len(full) > limit {
		return "", fmt.Errorf("%w: it has %d bytes with its prefix, and Options.MaxKeyBytes is %d", ErrInvalidKey, len(full), limit)
	}
	return full, nil
}

// fullName returns the name of the key in Redis, with an error that is labelled.
func (k ref) fullName(r Reader) (string, error) {
	s := readerOf(r)
	if s.isZero() {
		return "", &Error{Op: "Name", Err: ErrNoStore}
	}
	o := operation{store: s, name: "Name", family: k.family}
	o.key, o.err = s.fullName(k)
	return o.key, o.end()
}

func (o *operation) exec() exec.Client { return o.store.exec }

func (o *operation) template() string {
	if o.family == nil {
		return ""
	}
	return o.family.template.String()
}

// end returns the operation's error as the caller gets it.
func (o *operation) end() error {
	var err error
	if o.err != nil {
		err = &Error{Op: o.name, Family: o.template(), Err: o.err, key: o.key}
	}
	if o.finish != nil {
		o.finish(Outcome{Err: err, Bytes: o.bytes, Duration: time.Since(o.started)})
	}
	return err
}
