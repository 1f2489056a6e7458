package ratelimit_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// bench is what a case of the conformance suite works on.
type bench struct {
	client redis.UniversalClient
	admin  redis.UniversalClient // sees what the client may not
	prefix string
	shares bool // all calls share round trips
}

// conformance holds the cases that every deployment must pass.
var conformance = map[string]func(*testing.T, bench){
	"a limit grants what it has and no more":         grantsWhatItHas,
	"several limits grant together or not at all":    grantTogether,
	"a call is charged once":                         chargesOnce,
	"a refund is made once":                          refundsOnce,
	"a reset forgets":                                resets,
	"many calls are decided in round trips together": decidesMany,
	"callers at the same time get the limit":         grantsConcurrently,
	"whoever waits gets a turn":                      waits,
	"a key of another type is left as it is":         leavesOtherTypes,
	"a semaphore lets as many in as it has permits":  letsIn,
}

// TestConformance runs every case on every deployment, once as it comes and once with all
// calls in round trips that they share. A case has a prefix of its own, so that all run on
// one server at the same time.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, d := range deployment.All(neededCommands(t, "single")...) {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			client, admin := d.Start(t)
			for name, run := range conformance {
				for _, shares := range []bool{false, true} {
					b := bench{client, admin, strings.ReplaceAll(name, " ", "-") + ":", shares}
					title := name
					if shares {
						title, b.prefix = name+", shared", "shared:"+b.prefix
					}
					t.Run(title, func(t *testing.T) {
						t.Parallel()
						run(t, b)
						b.everyKeyEnds(t)
					})
				}
			}
		})
	}
}

// open returns a store that may do everything.
func (b bench) open(t *testing.T) *state.Store {
	t.Helper()
	s, err := state.New(b.client, state.Options{Prefix: b.prefix, EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	if b.shares {
		share(t, s)
	}
	return s
}

// share has all calls of a store share round trips, however few they are.
func share(t *testing.T, s *state.Store) {
	t.Helper()
	template, err := keyspec.Parse("share")
	require.NoError(t, err)
	o := bridge.Begin(t.Context(), s, bridge.Call{Name: "Share", Family: bridge.NewFamily(template), Needs: bridge.Get})
	require.NoError(t, o.Err())
	o.Client().SetDirect(0)
	require.NoError(t, o.End(nil))
}

func (b bench) limiter(t *testing.T, limits ...ratelimit.Limit) *ratelimit.Limiter[string] {
	t.Helper()
	limiter, err := ratelimit.New(b.open(t), family(limits...), ratelimit.Options{})
	require.NoError(t, err)
	return limiter
}

// keys returns the names of all keys that the case has made, on all primaries.
func (b bench) keys(t *testing.T) (names []string) {
	t.Helper()
	one := func(ctx context.Context, c redis.Cmdable) error {
		all := c.Scan(ctx, 0, b.prefix+"*", 1000).Iterator()
		for all.Next(ctx) {
			names = append(names, all.Val())
		}
		return all.Err()
	}
	cluster, ok := b.admin.(*redis.ClusterClient)
	if !ok {
		require.NoError(t, one(t.Context(), b.admin))
		return names
	}
	var mu sync.Mutex
	require.NoError(t, cluster.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		return one(ctx, c)
	}))
	return names
}

func (b bench) everyKeyEnds(t *testing.T) {
	t.Helper()
	for _, name := range b.keys(t) {
		ttl, err := b.admin.PTTL(t.Context(), name).Result()
		require.NoError(t, err)
		require.NotEqual(t, time.Duration(-1), ttl, "%s lives for good", name)
	}
}

func grantsWhatItHas(t *testing.T, b bench) {
	for name, limit := range map[string]ratelimit.Limit{
		"window": ratelimit.Window("w", 3, time.Hour), "bucket": ratelimit.Bucket("b", 3, time.Hour),
	} {
		limiter := b.limiter(t, limit)
		for left := range int64(3) {
			d, err := limiter.Allow(t.Context(), name)
			require.NoError(t, err)
			assert.True(t, d.Allowed)
			assert.Equal(t, 2-left, d.Limits[0].Remaining)
			assert.Equal(t, limit.Name(), d.DecidedBy)
			assert.WithinDuration(t, time.Now(), d.ServerTime, time.Minute)
		}
		d, err := limiter.Allow(t.Context(), name)
		require.NoError(t, err)
		assert.False(t, d.Allowed)
		assert.InDelta(t, limit.Per()/time.Duration(map[string]int{"window": 1, "bucket": 3}[name]), d.RetryAfter, float64(time.Minute))
		d, err = limiter.AllowUpTo(t.Context(), name+"2", 5)
		require.NoError(t, err)
		assert.EqualValues(t, 3, d.Granted)
		d, err = limiter.AllowN(t.Context(), name+"2", 4)
		require.NoError(t, err)
		assert.Equal(t, ratelimit.Never, d.RetryAfter)
		d, err = limiter.Peek(t.Context(), name+"3")
		require.NoError(t, err)
		assert.True(t, d.Allowed)
		assert.EqualValues(t, 3, d.Limits[0].Remaining)
	}
	assert.Len(t, b.keys(t), 4, "a look makes no key")
}

func grantTogether(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Window("a", 10, time.Hour), ratelimit.Bucket("b", 8, time.Hour).WithBurst(4),
		ratelimit.Window("c", 2, time.Hour).AsShadow())
	d, err := limiter.AllowN(t.Context(), subject, 3)
	require.NoError(t, err)
	require.True(t, d.Allowed)
	assert.True(t, d.Limits[2].Denied, "a shadow denies nothing")
	d, err = limiter.AllowN(t.Context(), subject, 2)
	require.NoError(t, err)
	require.False(t, d.Allowed)
	assert.Equal(t, "b", d.DecidedBy)
	assert.Equal(t, []int64{7, 1, 2}, []int64{d.Limits[0].Remaining, d.Limits[1].Remaining, d.Limits[2].Remaining})
}

func chargesOnce(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Window("w", 5, time.Hour))
	for i := range 3 {
		d, err := limiter.AllowN(t.Context(), subject, 2, ratelimit.OpID("op"))
		require.NoError(t, err)
		assert.EqualValues(t, 2, d.Granted)
		assert.Equal(t, i > 0, d.Source == ratelimit.FromReceipt)
	}
	_, err := limiter.Allow(t.Context(), subject, ratelimit.OpID("op"))
	require.ErrorIs(t, err, ratelimit.ErrOpIDReused)
	d, err := limiter.Peek(t.Context(), subject)
	require.NoError(t, err)
	assert.EqualValues(t, 3, d.Limits[0].Remaining)
}

func refundsOnce(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Window("w", 5, time.Hour), ratelimit.Bucket("b", 5, 2*time.Hour).WithBurst(4))
	r, err := limiter.Reserve(t.Context(), subject, 4)
	require.NoError(t, err)
	require.True(t, r.Allowed)
	for range 3 {
		back, err := r.Refund(t.Context())
		require.NoError(t, err)
		assert.True(t, back)
	}
	d, err := limiter.Peek(t.Context(), subject)
	require.NoError(t, err)
	assert.Equal(t, []int64{5, 4}, []int64{d.Limits[0].Remaining, d.Limits[1].Remaining})
}

func resets(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Window("w", 5, time.Hour), ratelimit.Bucket("b", 5, 2*time.Hour).WithBurst(4))
	for _, c := range []struct {
		names []string
		want  []int64
	}{{[]string{"b"}, []int64{3, 4}}, {nil, []int64{5, 4}}} {
		d, err := limiter.AllowN(t.Context(), subject, 2)
		require.NoError(t, err)
		require.True(t, d.Allowed)
		require.NoError(t, limiter.Reset(t.Context(), subject, c.names...))
		d, err = limiter.Peek(t.Context(), subject)
		require.NoError(t, err)
		assert.Equal(t, c.want, []int64{d.Limits[0].Remaining, d.Limits[1].Remaining})
	}
	assert.Empty(t, b.keys(t))
}

func decidesMany(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Window("w", 3, time.Hour))
	var requests []ratelimit.Request[string]
	for i := range 40 {
		for n := range int64(3) {
			requests = append(requests, ratelimit.Request[string]{Subject: strconv.Itoa(i), N: n}) // 1, 1, and 2 too many
		}
	}
	decisions, err := limiter.AllowMany(t.Context(), requests...)
	require.NoError(t, err)
	require.Len(t, decisions, len(requests))
	for i, d := range decisions {
		require.NoError(t, d.Err)
		assert.Equal(t, i%3 < 2, d.Allowed)
		assert.Equal(t, []int64{2, 1, 1}[i%3], d.Limits[0].Remaining, "in their order")
	}
}

func grantsConcurrently(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Window("w", 40, time.Hour), ratelimit.Bucket("b", 50, 20*time.Hour))
	var granted, failed atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 5 {
				d, err := limiter.Allow(t.Context(), subject)
				if err != nil {
					failed.Add(1)
				}
				granted.Add(d.Granted)
			}
		})
	}
	all.Wait()
	assert.Zero(t, failed.Load())
	assert.EqualValues(t, 40, granted.Load())
}

func waits(t *testing.T, b bench) {
	limiter := b.limiter(t, ratelimit.Bucket("b", 1, 20*time.Millisecond).WithBurst(2))
	start := time.Now()
	for range 5 {
		d, err := limiter.Wait(t.Context(), subject)
		require.NoError(t, err)
		assert.True(t, d.Allowed)
	}
	assert.GreaterOrEqual(t, time.Since(start), 50*time.Millisecond)
	_, err := limiter.WaitN(t.Context(), subject, 3)
	require.ErrorIs(t, err, ratelimit.ErrNever)
}

func leavesOtherTypes(t *testing.T, b bench) {
	name := b.prefix + "calls:" + subject
	require.NoError(t, b.admin.Set(t.Context(), name, "v", time.Hour).Err())
	limiter := b.limiter(t, ratelimit.Window("w", 3, time.Hour))
	calls := map[string]func() error{
		"Allow": func() error { _, err := limiter.Allow(t.Context(), subject); return err },
		"OpID":  func() error { _, err := limiter.Allow(t.Context(), subject, ratelimit.OpID("op")); return err },
		"Peek":  func() error { _, err := limiter.Peek(t.Context(), subject); return err },
		"Reset": func() error { return limiter.Reset(t.Context(), subject, "w") },
		"AllowMany": func() error {
			ds, err := limiter.AllowMany(t.Context(), ratelimit.Request[string]{Subject: subject})
			return errors.Join(err, ds[0].Err)
		},
	}
	for call, do := range calls {
		err := do()
		require.ErrorIs(t, err, state.ErrWrongType, call)
		require.NotErrorIs(t, err, state.ErrUnknownOutcome, call)
	}
	assert.Equal(t, "v", b.admin.Get(t.Context(), name).Val())
}

func letsIn(t *testing.T, b bench) {
	s, err := ratelimit.NewSemaphore(b.open(t), ratelimit.DefineSemaphore[string]("desks:<room>", 2, time.Minute))
	require.NoError(t, err)
	first, err := s.TryAcquire(t.Context(), "a")
	require.NoError(t, err)
	second, err := s.Acquire(t.Context(), "a")
	require.NoError(t, err)
	assert.Greater(t, second.Fence(), first.Fence())
	_, err = s.TryAcquire(t.Context(), "a")
	require.ErrorIs(t, err, ratelimit.ErrFull)
	for _, p := range []*ratelimit.Permit{first, second} {
		held, err := p.Release(t.Context())
		require.NoError(t, err)
		assert.True(t, held)
	}
	n, err := s.InUse(t.Context(), "a")
	require.NoError(t, err)
	assert.Zero(t, n)
}
