package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/internal/exec"
)

// Result is what became of one key of a batch.
type Result[T any] struct {
	// Key is the key.
	Key Key[T]
	// Value is the value that was read, or that was to be stored.
	Value T
	// Err is nil if the value was read or stored. If there was none to read, it
	// matches [ErrNotFound].
	Err error
}

// KeyValue is a key and the value to store there. [Key.With] makes one.
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
	results := make([]Result[T], len(keys))
	items := make([]item, len(keys))
	for i, k := range keys {
		results[i].Key = k
		items[i] = item{family: k.family, name: k.name, value: &results[i].Value, err: &results[i].Err}
	}
	return results, getMany(ctx, r, items)
}

// SetMany stores the values at their keys and returns, in their order, for each
// whether it was stored. It sends SET for each key, in round trips that they
// share; it is not atomic. If it fails for some keys, the error says how many
// failed and wraps the first failure. O(1) for each key.
func SetMany[T any](ctx context.Context, w Writer, values []KeyValue[T], opts ...SetOption) ([]Result[T], error) {
	results := make([]Result[T], len(values))
	items := make([]item, len(values))
	for i, v := range values {
		results[i] = Result[T]{Key: v.Key, Value: v.Value}
		items[i] = item{family: v.Key.family, name: v.Key.name, value: &results[i].Value, err: &results[i].Err}
	}
	return results, setMany(ctx, w, items, opts)
}

// item is one key of a batch without its type: value points to its value and err
// to its error.
type item struct {
	family *family
	name   string
	value  any
	err    *error
}

func (i item) target() (*family, string) { return i.family, i.name }

func getMany(ctx context.Context, r Reader, items []item) error {
	o := begin(ctx, readerOf(r), "GetMany", commonFamily(items), len(items), mayGet)
	return o.each(items, func(b *exec.Batch, one *operation, v any) func() {
		reply := one.queueRead(b)
		return func() {
			var data []byte
			if data, one.err = reply(); one.err == nil {
				one.decode(data, v)
			}
		}
	})
}

func setMany(ctx context.Context, w Writer, items []item, opts []SetOption) error {
	o := begin(ctx, writerOf(w), "SetMany", commonFamily(items), len(items), maySet)
	return o.each(items, func(b *exec.Batch, one *operation, v any) func() {
		var write write
		if write, one.err = one.prepare(v, always, opts); one.err != nil {
			return nil
		}
		reply := write.add(one.ctx, b)
		return func() { one.err = write.outcome(one.ctx, reply.Err()) }
	})
}

// each has add queue the commands of each item in one batch, sends it, and calls
// what add returned. A key that cannot be sent does not hold up the others.
func (o *operation) each(items []item, add func(b *exec.Batch, one *operation, v any) (finish func())) error {
	ones := make([]operation, len(items))
	finish := make([]func(), len(items))
	var b exec.Batch
	for i, item := range items {
		ones[i] = operation{ctx: o.ctx, store: o.store, name: o.name, family: item.family, err: o.err}
		one := &ones[i]
		if one.err == nil {
			one.key, one.err = o.store.fullName(item.family, item.name)
		}
		if one.err == nil {
			finish[i] = add(&b, one, item.value)
		}
	}
	if o.err != nil {
		for i, item := range items {
			*item.err = ones[i].end()
		}
		return o.end()
	}
	o.exec().Send(o.ctx, &b)
	var failures failures
	for i, item := range items {
		if finish[i] != nil {
			finish[i]()
		}
		o.bytes += ones[i].bytes
		failures.add(ones[i].err)
		*item.err = ones[i].end()
	}
	o.err = failures.of(len(items))
	return o.end()
}

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
func commonFamily[K AnyKey](keys []K) *family {
	var common *family
	for i, k := range keys {
		f, _ := k.target()
		if i > 0 && f != common {
			return nil
		}
		common = f
	}
	return common
}
