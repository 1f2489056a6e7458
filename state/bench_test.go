package state_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// blob is a value whose codec does nothing, so that what is measured is the way
// of its bytes.
type blob struct{ data []byte }

type blobCodec struct{}

func (blobCodec) Append(dst []byte, v any) ([]byte, error) {
	return append(dst, v.(*blob).data...), nil
}

func (blobCodec) Decode(data []byte, v any) error {
	v.(*blob).data = data
	return nil
}

var blobs = state.Define("blob:<id>", state.FamilyOptions[blob]{TTL: time.Hour, Codec: blobCodec{}})

const (
	benchPrefix = "user-service:state:"
	benchKeys   = 1000
	benchBytes  = 1018 // of the session of the measurements that the design rests on
)

// beside is a store and the client that it sends through, with values stored.
type beside struct {
	client redis.UniversalClient
	store  *state.Store
	keys   []state.Key[blob]
	names  []string
	value  []byte
}

func newBeside(b testing.TB, client redis.UniversalClient) *beside {
	b.Helper()
	store, err := state.New(client, state.Options{Prefix: benchPrefix, EnableSet: true})
	require.NoError(b, err)
	s := &beside{client: client, store: store, value: []byte(strings.Repeat("x", benchBytes))}
	for i := range benchKeys {
		key := blobs.Make(fmt.Sprintf("blob:%d", i))
		name, err := key.Name(store)
		require.NoError(b, err)
		require.NoError(b, client.Set(b.Context(), name, s.value, time.Hour).Err())
		s.keys, s.names = append(s.keys, key), append(s.names, name)
	}
	return s
}

// run has so many callers do work for a while and returns the time that a call
// takes of it.
func run(callers int, during time.Duration, work func(i int) error) (time.Duration, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	begun := time.Now()
	for c := range callers {
		all.Go(func() {
			n := int64(0)
			for i := c * 7; time.Since(begun) < during; i++ {
				if err := work(i % benchKeys); err != nil {
					failed.Store(&err)
					return
				}
				n++
			}
			done.Add(n)
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return time.Since(begun) / time.Duration(max(done.Load(), 1)), nil
}

func median[T ~int64 | ~float64](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

const (
	benchRounds = 9
	benchBlock  = 150 * time.Millisecond
)

// ratio has the two take turns and reports how much faster the second is.
func ratio(b *testing.B, callers int, raw, ours func(i int) error) {
	b.Helper()
	for b.Loop() {
		var ratios []float64
		var theirs, own []time.Duration
		for range benchRounds {
			r, err := run(callers, benchBlock, raw)
			require.NoError(b, err)
			o, err := run(callers, benchBlock, ours)
			require.NoError(b, err)
			ratios, theirs, own = append(ratios, float64(r)/float64(o)), append(theirs, r), append(own, o)
		}
		b.ReportMetric(median(ratios), "x-goredis")
		b.ReportMetric(float64(median(theirs).Nanoseconds()), "goredis-ns/op")
		b.ReportMetric(float64(median(own).Nanoseconds()), "ours-ns/op")
	}
}

// BenchmarkBesideGoRedis sends the same through go-redis alone and through a store,
// in turns. Run it with -benchtime 1x.
func BenchmarkBesideGoRedis(b *testing.B) {
	for _, d := range []struct {
		name  string
		start func() redis.UniversalClient
	}{
		{"single", func() redis.UniversalClient { return redistest.Start(b).Client(b) }},
		{"cluster", func() redis.UniversalClient { return redistest.StartCluster(b, 3, 0).Client(b) }},
	} {
		b.Run(d.name, func(b *testing.B) {
			s := newBeside(b, d.start())
			ctx := context.Background()
			for _, callers := range []int{1, 4, 16, 64, 256} {
				b.Run(fmt.Sprintf("get/c=%d", callers), func(b *testing.B) {
					ratio(b, callers,
						func(i int) error { return s.client.Get(ctx, s.names[i]).Err() },
						func(i int) error { _, err := s.keys[i].Get(ctx, s.store); return err })
				})
				b.Run(fmt.Sprintf("set/c=%d", callers), func(b *testing.B) {
					v := blob{s.value}
					ratio(b, callers,
						func(i int) error { return s.client.Set(ctx, s.names[i], s.value, time.Hour).Err() },
						func(i int) error { return s.keys[i].Set(ctx, s.store, v) })
				})
			}
		})
	}
}

// BenchmarkGetManyBesideMGet reads 1000 sessions with MGET and encoding/json, and
// with GetMany and a codec that spins for as long as a generated one takes.
func BenchmarkGetManyBesideMGet(b *testing.B) {
	s := newBeside(b, redistest.Start(b).Client(b))
	ctx := context.Background()
	spinning := state.Define("blob:<id>", state.FamilyOptions[blob]{TTL: time.Hour, Codec: spinCodec{}})
	var doc struct {
		User string   `json:"user"`
		Cart []string `json:"cart"`
	}
	doc.User = "someone"
	for i := range 40 {
		doc.Cart = append(doc.Cart, fmt.Sprintf("an-item-of-a-cart-%04d", i))
	}
	text, err := json.Marshal(doc)
	require.NoError(b, err)
	var keys []state.Key[blob]
	for i, name := range s.names {
		require.NoError(b, s.client.Set(ctx, name, text, time.Hour).Err())
		keys = append(keys, spinning.Make(fmt.Sprintf("blob:%d", i)))
	}
	ratio(b, 1, func(int) error {
		values, err := s.client.MGet(ctx, s.names...).Result()
		for _, v := range values {
			into := doc
			into.Cart = nil
			if err == nil {
				err = json.Unmarshal([]byte(v.(string)), &into)
			}
		}
		return err
	}, func(int) error {
		_, err := state.GetMany(ctx, s.store, keys...)
		return err
	})
}

// spinCodec decodes in 2.5 microseconds.
type spinCodec struct{ blobCodec }

func (spinCodec) Decode(data []byte, v any) error {
	for begun := time.Now(); time.Since(begun) < 2500*time.Nanosecond; { //nolint:revive // it passes the time
	}
	v.(*blob).data = data
	return nil
}

// BenchmarkAllocs counts what one caller allocates for a call, key included, with
// a codec that allocates nothing: the value alone escapes.
func BenchmarkAllocs(b *testing.B) {
	for _, d := range []struct {
		name  string
		start func() redis.UniversalClient
	}{
		{"single", func() redis.UniversalClient { return redistest.Start(b).Client(b) }},
		{"cluster", func() redis.UniversalClient { return redistest.StartCluster(b, 3, 0).Client(b) }},
	} {
		b.Run(d.name, func(b *testing.B) {
			s := newBeside(b, d.start())
			ctx := b.Context()
			id := "42"
			v := blob{s.value}
			b.Run("goredis get", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = s.client.Get(ctx, benchPrefix+"blob:"+id).Err()
				}
			})
			b.Run("get", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, _ = blobs.Make("blob:"+id).Get(ctx, s.store)
				}
			})
			b.Run("goredis set", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = s.client.Set(ctx, benchPrefix+"blob:"+id, s.value, time.Hour).Err()
				}
			})
			b.Run("set", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = blobs.Make("blob:"+id).Set(ctx, s.store, v)
				}
			})
		})
	}
}
