package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/internal/exec"
)

// Result is the value that was read at one key of a batch.
type Result[T any] struct {
	Value T
	// Err is nil if Value was read. If there was no value, it matches
	// [ErrNotFound].
	Err error
}

// KeyValue is a key and the value to store there.
type KeyValue[T any] struct {
	Key   Key[T]
	Value T
}

// GetMany returns what is stored at the keys, in their order. It sends GET for
// each key, in round trips that they share, to each node of a Cluster at the same
// time; it is not atomic. A missing value is no error of the call. If a key fails
// in another way, the error says how many did and wraps the first failure, and
// the results are still complete. O(1) for each key.
func GetMany[T any](ctx context.Context, r Reader, keys ...Key[T]) ([]Result[T], error) {
	return GetEach(ctx, r, func(k Key[T]) Key[T] { return k }, keys)
}

// GetEach is [GetMany] for the keys that key makes of the parameters. Generated
// code calls it.
func GetEach[P, T any](ctx context.Context, r Reader, key func(P) Key[T], params []P) ([]Result[T], error) {
	results := make([]Result[T], len(params))
	items := make([]item, len(params))
	for i, p := range params {
		items[i] = item{ref: key(p).ref, value: &results[i].Value, err: &results[i].Err}
	}
	return results, getMany(ctx, r, items)
}

// SetMany stores the values at their keys and returns, in their order, nil for
// each that was stored and an error for each that was not. It sends SET for each
// key, in round trips that they share; it is not atomic. If it fails for some
// keys, the error says how many failed and wraps the first failure. O(1) for each
// key.
func SetMany[T any](ctx context.Context, w Writer, values []KeyValue[T], opts ...SetOption) ([]error, error) {
	errs := make([]error, len(values))
	items := make([]item, len(values))
	for i := range values {
		items[i] = item{ref: values[i].Key.ref, value: &values[i].Value, err: &errs[i]}
	}
	return errs, setMany(ctx, w, items, opts)
}

// item is one key of a batch without its type: value points to its value and err
// to its error.
type item struct {
	ref
	value any
	err   *error
	lost  bool // there is no such key
	open  int  // how many of its commands have no reply yet
}

func getMany(ctx context.Context, r Reader, items []item) error {
	o := begin(ctx, readerOf(r), "GetMany", familyOf(items), len(items), mayGet)
	if o.tx != nil && o.err == nil {
		o.err = o.tx.prefetch(&o, items)
	}
	return o.each(items, &reading{items, make([]queuedRead, len(items))})
}

// reading is what GetMany does with each key.
type reading struct {
	items []item
	reads []queuedRead
}

func (r *reading) queue(i int, one *operation, b *exec.Batch) {
	if one.tx == nil {
		r.reads[i] = one.queueRead(b)
	}
}

func (r *reading) finish(i int, one *operation) {
	if one.tx != nil {
		one.readInto(r.items[i].value)
		return
	}
	var data []byte
	if data, one.err = one.result(r.reads[i]); one.err == nil {
		one.decode(data, r.items[i].value)
	}
}

func setMany(ctx context.Context, w Writer, items []item, opts []SetOption) error {
	o := begin(ctx, writerOf(w), "SetMany", familyOf(items), len(items), maySet)
	given := collect(opts, SetOption.applySet)
	o.replicate(&given)
	o.whole = o.tx != nil
	return o.each(items, &writing{items, opts, make([]queuedWrite, len(items))})
}

// writing is what SetMany does with each key.
type writing struct {
	items  []item
	opts   []SetOption
	writes []queuedWrite
}

// queuedWrite is a change in a batch.
type queuedWrite struct {
	change change
	plain  bool
	reply  *exec.Reply
}

func (w *writing) queue(i int, one *operation, b *exec.Batch) {
	q := &w.writes[i]
	if q.change = one.prepare(w.items[i].value, expectAnything, w.opts); one.err != nil || one.tx != nil {
		return
	}
	var cmd exec.Command
	cmd, q.plain = q.change.command()
	q.reply = b.Add(cmd)
}

func (w *writing) finish(i int, one *operation) {
	q := &w.writes[i]
	if one.tx != nil {
		_, one.err = one.make(&q.change)
		return
	}
	_, one.err = one.settle(&q.change, q.plain, *q.reply)
}

// steps are what is done with each key of a batch: what is queued before the batch
// is sent, and what comes of it.
type steps interface {
	queue(i int, one *operation, b *exec.Batch)
	finish(i int, one *operation)
}

// each takes the steps with each item. A key that cannot be sent does not hold up
// the others, unless the operation is to be done as a whole.
func (o *operation) each(items []item, s steps) error {
	one := new(operation) // of one key after the other, as there can be many
	b := o.batch()
	b.Grow(len(items))
	sound := o.err == nil
	owners := make([]int, 0, len(items)) // of the commands
	for i := range items {
		item := &items[i]
		*one = operation{target: o.target, ctx: o.ctx, name: o.name, family: item.family, replication: o.replication, err: o.err}
		if one.locate(item.ref); one.err == nil {
			s.queue(i, one, b)
		} else {
			item.lost = true
		}
		for item.open = b.Len() - len(owners); len(owners) < b.Len(); {
			owners = append(owners, i)
		}
		o.bytes += one.bytes
		*item.err = one.err
		sound = sound && one.err == nil
	}
	finish := func(i int) {
		item := &items[i]
		if *item.err != nil {
			return
		}
		if o.whole && !sound {
			*item.err = errNotAlone
			return
		}
		*one = o.member(item, nil)
		s.finish(i, one)
		o.bytes += one.bytes
		*item.err = one.err
	}
	if o.err == nil {
		// What has come is decoded while the rest is on its way.
		o.exec().Stream(o.ctx, b, func(command int) {
			i := owners[command]
			if items[i].open--; items[i].open == 0 {
				finish(i)
			}
		})
	}
	var failures failures
	for i := range items {
		item := &items[i]
		if o.tx != nil { // which has sent nothing
			finish(i)
		}
		failures.add(*item.err)
		*one = o.member(item, *item.err)
		*item.err = one.end()
	}
	if o.err == nil {
		o.err = failures.of(len(items))
	}
	return o.end()
}

// member returns the operation of one key of a batch.
func (o *operation) member(item *item, err error) operation {
	one := operation{target: o.target, ctx: o.ctx, name: o.name, family: item.family, replication: o.replication, err: err}
	if !item.lost {
		one.key = redisKey{o.store.prefix, item.name, item.family.watched, o.store.db}
	}
	return one
}

var errNotAlone = errors.New("not done, since another key of the call failed")

// failures counts the keys of a batch that failed.
type failures struct {
	count int
	first error
}

func (f *failures) add(err error) {
	if err == nil || errors.Is(err, ErrNotFound) {
		return
	}
	if f.count == 0 {
		f.first = err
	}
	f.count++
}

func (f *failures) of(keys int) error {
	if f.count == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d keys failed, the first with: %w", f.count, keys, f.first)
}

// commonFamily returns the family that all keys are of, or nil.
func commonFamily(keys []AnyKey) *family {
	return common(len(keys), func(i int) *family { return refOf(keys[i]).family })
}

// familyOf is commonFamily for items.
func familyOf(items []item) *family {
	return common(len(items), func(i int) *family { return items[i].family })
}

func common(n int, at func(i int) *family) *family {
	if n == 0 {
		return nil
	}
	first := at(0)
	for i := 1; i < n; i++ {
		if at(i) != first {
			return nil
		}
	}
	return first
}
