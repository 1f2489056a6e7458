package main

import (
	"context"
	"iter"
	"time"

	"github.com/typedstate/typedstate/state"
)

// record is the value of all scenarios. Each of them uses some of it.
type record struct {
	N   int64   `json:"n"`
	By  string  `json:"by,omitempty"`  // the call that wrote it, as token names it
	Key string  `json:"key,omitempty"` // the key at which it is stored
	Log []int64 `json:"log,omitempty"` // the calls that changed it
}

type recordKey = state.Key[record]

// The families have a TTL that no run lives to see, so that a key without one, or
// one that lives when it should not, stands out.
const hour = time.Hour

var (
	records = state.Define("rec:<id>", state.FamilyOptions[record]{TTL: hour})
	// tagged records of one tag lie in one slot.
	tagged = state.Define("acc:{<tag>}:<id>", state.FamilyOptions[record]{TTL: hour})
	// seen records are watched.
	seen = state.Define("seen:<part>:<id>", state.FamilyOptions[record]{TTL: hour, Watch: true})
)

// calls are the calls of the library that scenarios make at random. A test puts a
// broken one in the place of one of them, and so sees that a scenario notices.
type calls struct {
	get     func(context.Context, *state.Store, recordKey) (record, error)
	getMany func(context.Context, *state.Store, []recordKey) ([]state.Result[record], error)
	set     func(context.Context, *state.Store, recordKey, record, ...state.SetOption) error
	update  func(context.Context, *state.Store, recordKey, func(*record) error, ...state.UpdateOption) (record, error)
	upsert  func(context.Context, *state.Store, recordKey, func(*record) error, ...state.UpdateOption) (record, error)

	watch    func(context.Context, *state.Store, recordKey) iter.Seq2[state.Event[record], error]
	watchAll func(context.Context, *state.Store, ...any) iter.Seq2[state.KeyEvent[record], error]
}

var realCalls = calls{
	get: func(ctx context.Context, s *state.Store, k recordKey) (record, error) { return k.Get(ctx, s) },
	getMany: func(ctx context.Context, s *state.Store, keys []recordKey) ([]state.Result[record], error) {
		return state.GetMany(ctx, s, keys...)
	},
	set: func(ctx context.Context, s *state.Store, k recordKey, v record, opts ...state.SetOption) error {
		return k.Set(ctx, s, v, opts...)
	},
	update: func(ctx context.Context, s *state.Store, k recordKey, change func(*record) error, opts ...state.UpdateOption) (record, error) {
		return state.Update(ctx, s, k, change, opts...)
	},
	upsert: func(ctx context.Context, s *state.Store, k recordKey, change func(*record) error, opts ...state.UpdateOption) (record, error) {
		return state.Upsert(ctx, s, k, change, opts...)
	},
	watch: func(ctx context.Context, s *state.Store, k recordKey) iter.Seq2[state.Event[record], error] {
		return state.Watch(ctx, s, k)
	},
	watchAll: func(ctx context.Context, s *state.Store, fixed ...any) iter.Seq2[state.KeyEvent[record], error] {
		return state.WatchAll(ctx, s, seen, fixed...)
	},
}
