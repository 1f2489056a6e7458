package state

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/typedstate/typedstate/internal/exec"
)

// Any stands for any part in the arguments of [Keys], [All] and [RemoveAll].
var Any anyPart

type anyPart struct{}

// Keys returns an iterator over the keys of f that exist, in no order. fixed are
// parts as [Family.Key] takes them, from the left, with [Any] for those that may
// be anything; parts that are left out may be anything too:
//
//	for key, err := range state.Keys(ctx, store, carts, "acme") { … }
//
// An error ends the iteration. It can be [ErrScanDisabled], [ErrInvalidKey],
// [ErrScanIncomplete] where the servers changed underneath, [ErrInTx] or what a
// read can fail with. A key that exists throughout comes at least once; it may
// come twice, and one that comes or goes meanwhile may or may not.
//
// It sends SCAN to every master, which looks at all keys of the database: O(n) in
// their number. Parts that are fixed make for fewer replies and not for less work.
func Keys[T any](ctx context.Context, r Reader, f *Family[T], fixed ...any) iter.Seq2[Key[T], error] {
	return func(yield func(Key[T], error) bool) {
		w := newWalk(ctx, readerOf(r), "Keys", f.family, mayGet)
		w.fix(fixed)
		w.keys(func(h *hit) bool { return yield(Key[T]{h.ref}, h.err) })
	}
}

// All is [Keys] with the value at each key. A value that cannot be read comes with
// its key and an error, and the iteration goes on. It does not extend the life of
// a sliding family's values. It sends GET for each key besides, in round trips
// that they share.
func All[T any](ctx context.Context, r Reader, f *Family[T], fixed ...any) iter.Seq2[KeyValue[T], error] {
	return func(yield func(KeyValue[T], error) bool) {
		w := newWalk(ctx, readerOf(r), "All", f.family, mayGet)
		w.fix(fixed)
		w.values(func(h *hit) bool {
			found := KeyValue[T]{Key: Key[T]{h.ref}}
			return h.decode(&found.Value, func(err error) bool { return yield(found, err) })
		})
	}
}

// RemoveAll removes the values at the keys of f that [Keys] with the same
// arguments would return, and returns how many it removed. It is not atomic:
// where it fails, some may be removed. It needs Options.EnableRemove and
// Options.EnableScan. It sends SCAN to every master, and UNLINK for each key.
func RemoveAll[T any](ctx context.Context, r Remover, f *Family[T], fixed ...any) (removed int, err error) {
	w := newWalk(ctx, removerOf(r), "RemoveAll", f.family, mayRemove)
	w.fix(fixed)
	return w.remove(func([]string) bool { return true })
}

// Found is a value with the typed parts of its key, as generated code returns it.
type Found[P, T any] struct {
	// Params are the parts of the key, or the one part it has.
	Params P
	Value  T
}

// KeysEach is [Keys] for generated code: parts are encoded, "" for any, and parse
// makes the parameters of the decoded parts.
func KeysEach[P, T any](ctx context.Context, r Reader, f *Family[T], parts []string, parse func([]string) (P, error)) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		w := newWalk(ctx, readerOf(r), "Keys", f.family, mayGet)
		w.parts = parts
		w.keys(func(h *hit) bool { return yield(parsed(h, parse)) })
	}
}

// AllEach is [All] for generated code.
func AllEach[P, T any](ctx context.Context, r Reader, f *Family[T], parts []string, parse func([]string) (P, error)) iter.Seq2[Found[P, T], error] {
	return func(yield func(Found[P, T], error) bool) {
		w := newWalk(ctx, readerOf(r), "All", f.family, mayGet)
		w.parts = parts
		w.values(func(h *hit) bool {
			var found Found[P, T]
			params, err := parsed(h, parse)
			if err != nil {
				return yield(found, err)
			}
			found.Params = params
			return h.decode(&found.Value, func(err error) bool { return yield(found, err) })
		})
	}
}

// RemoveEach is [RemoveAll] for generated code. A key whose parts do not parse is
// none of the family's and stays.
func RemoveEach[P, T any](ctx context.Context, r Remover, f *Family[T], parts []string, parse func([]string) (P, error)) (removed int, err error) {
	w := newWalk(ctx, removerOf(r), "RemoveAll", f.family, mayRemove)
	w.parts = parts
	return w.remove(func(parts []string) bool {
		_, err := parse(parts)
		return err == nil
	})
}

func parsed[P any](h *hit, parse func([]string) (P, error)) (p P, err error) {
	if h.err != nil {
		return p, h.err
	}
	if p, err = parse(h.parts); err != nil {
		// The text of the error may hold a part.
		h.one.err = fmt.Errorf("%w: a part of a stored key is none of its type, which fails with a %T", ErrInvalidKey, err)
		err = h.one.end()
	}
	return p, err
}

// walk is a walk over the keys of a family.
type walk struct {
	operation
	parts []string // encoded, "" for any; those left out may be anything
}

// hit is what a walk comes by: a key, or the error that ends the walk.
type hit struct {
	ref   ref
	parts []string
	one   *operation
	data  []byte
	err   error
}

func newWalk(ctx context.Context, t target, name string, f *family, needed permission) *walk {
	w := &walk{operation: begin(ctx, t, name, f, 0, needed|mayScan)}
	if w.err == nil && t.tx != nil {
		w.err = ErrInTx
	}
	return w
}

// fix encodes the parts that are given.
func (w *walk) fix(fixed []any) {
	params := w.family.template.Params()
	if w.err == nil && len(fixed) > len(params) {
		w.err = fmt.Errorf("%w: the template has %d parameters, and %d parts are given", ErrInvalidKey, len(params), len(fixed))
	}
	if w.err != nil {
		return
	}
	for i, part := range fixed {
		text := ""
		if part != Any {
			text = string(appendPart(nil, params[i].Kind, part))
		}
		w.parts = append(w.parts, text)
	}
}

// match returns the pattern that the keys match.
func (w *walk) match() (string, error) {
	literals := w.family.template.Literals()
	var b strings.Builder
	for i, literal := range literals {
		b.WriteString(literal)
		switch {
		case i == len(literals)-1:
		case i < len(w.parts) && w.parts[i] != "":
			b.WriteString(w.parts[i])
		default:
			b.WriteByte('*')
		}
	}
	pattern := b.String()
	if err := w.family.checkName(pattern); err != nil {
		return "", err
	}
	key, err := w.store.withPrefix(pattern)
	return key.String(), err
}

// pages calls page with what each reply of SCAN holds of the family's keys, until
// it returns false.
func (w *walk) pages(page func(hits []*hit) bool) {
	if w.err != nil {
		return
	}
	var pattern string
	if pattern, w.err = w.match(); w.err == nil {
		w.err = w.scan(w.ctx, pattern, page)
	}
}

// scan is pages for the keys that match, and returns why it ends early.
func (w *walk) scan(ctx context.Context, pattern string, page func(hits []*hit) bool) error {
	err := w.exec().Scan(ctx, pattern, func(keys []string) bool {
		var hits []*hit
		for _, key := range keys {
			name := strings.TrimPrefix(key, w.store.prefix)
			// A pattern also matches keys of other shapes: its * may reach over colons.
			if parts, ok := w.family.template.ParseKey(name); ok {
				one := operation{target: w.target, ctx: w.ctx, name: w.name, family: w.family, key: redisKey{rest: key, watched: w.family.watched, db: w.store.db}}
				hits = append(hits, &hit{ref: ref{w.family, name}, parts: parts, one: &one})
			}
		}
		return len(hits) == 0 || page(hits)
	})
	switch {
	case errors.Is(err, exec.ErrIncomplete):
		return ErrScanIncomplete
	case errors.Is(err, exec.ErrUnknownClient):
		return fmt.Errorf("a walk %w", errWrapped)
	}
	return cause(w.ctx, err)
}

// keys calls yield with each key, and at last with an error if there is one.
func (w *walk) keys(yield func(*hit) bool) {
	w.each(func(hits []*hit) []*hit { return hits }, yield)
}

// values is keys with what is stored at them. What is gone meanwhile is left out.
func (w *walk) values(yield func(*hit) bool) { w.each(w.read, yield) }

// read reads what is stored at the keys, and returns those that are still there.
func (w *walk) read(hits []*hit) []*hit {
	var b exec.Batch
	b.Grow(len(hits))
	replies := make([]*exec.Reply, len(hits))
	for i, h := range hits {
		replies[i] = b.Add(exec.Get(h.one.key.rest))
	}
	w.exec().Send(w.ctx, &b)
	for i, h := range hits {
		data, err := replies[i].Bytes()
		h.data, h.one.err = data, cause(w.ctx, err)
	}
	return slices.DeleteFunc(hits, func(h *hit) bool { return errors.Is(h.one.err, ErrNotFound) })
}

// each calls yield with what prepare leaves of each page, and at last with an error
// if there is one.
func (w *walk) each(prepare func([]*hit) []*hit, yield func(*hit) bool) {
	stopped := false
	w.pages(func(hits []*hit) bool {
		for _, h := range prepare(hits) {
			if !yield(h) {
				stopped = true
				return false
			}
			w.bytes += len(h.data)
		}
		return true
	})
	if err := w.end(); err != nil && !stopped {
		yield(&hit{err: err})
	}
}

// decode has yield called with the error of the hit, or of reading its value into
// what v points to.
func (h *hit) decode(v any, yield func(error) bool) bool {
	if h.one == nil {
		return yield(h.err)
	}
	if h.one.err == nil {
		h.one.decode(h.data, v)
	}
	return yield(h.one.end())
}

// remove removes the values at the keys whose decoded parts are the family's, and
// returns how many there were.
func (w *walk) remove(ours func(parts []string) bool) (removed int, err error) {
	var failures failures
	total := 0
	w.pages(func(hits []*hit) bool {
		keys := make([]redisKey, 0, len(hits))
		for _, h := range hits {
			if ours(h.parts) {
				keys = append(keys, h.one.key)
			}
		}
		total += len(keys)
		removed += w.unlink(keys, &failures)
		return failures.count == 0
	})
	if w.err == nil {
		w.err = failures.of(total)
	}
	return removed, w.end()
}
