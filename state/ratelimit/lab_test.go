package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// lab is an embedded server whose clock the test moves, and another one on which it
// tries out what would come of the same subject later. The server's clock may be wrong:
// it shows truth+skew.
type lab struct {
	*testing.T
	*rand.Rand

	srv, other       *embedded.Server
	store, elsewhere *state.Store

	truth, skew int64 // in microseconds
}

const (
	subject = "u"
	prefix  = "lab:"
	key     = prefix + "calls:" + subject
	epoch   = 1_800_000_000_000_000 // in microseconds
)

// newLab returns a lab whose random numbers are those of the seed, which a failure names.
func newLab(t *testing.T, seed uint64) *lab {
	t.Helper()
	l := &lab{T: t, Rand: rand.New(rand.NewPCG(seed, 0)), truth: epoch}
	l.srv, l.store = newServer(t)
	l.other, l.elsewhere = newServer(t)
	l.pass(0)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return l
}

func newServer(t *testing.T) (*embedded.Server, *state.Store) {
	t.Helper()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	store, err := state.New(srv.Client(), state.Options{Prefix: prefix, EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return srv, store
}

func family(limits ...ratelimit.Limit) *ratelimit.Family[string] {
	return ratelimit.Define[string]("calls:<id>", limits...)
}

// limiter returns a limiter of the lab's server.
func (l *lab) limiter(limits ...ratelimit.Limit) *ratelimit.Limiter[string] {
	l.Helper()
	return l.limiterIn(l.store, limits)
}

// limiterIn returns a limiter with limits of which some may never decide, as random ones do.
func (l *lab) limiterIn(store *state.Store, limits []ratelimit.Limit) *ratelimit.Limiter[string] {
	l.Helper()
	made, err := ratelimit.New(store, family(limits[0]), ratelimit.Options{})
	require.NoError(l, err)
	return l.with(made, limits...)
}

// now returns what the server's clock shows.
func (l *lab) now() int64 { return l.truth + l.skew }

// pass lets time pass.
func (l *lab) pass(d int64) {
	l.truth += d
	l.srv.SetTime(time.UnixMicro(l.now()))
}

// step sets the server's clock forward, or back. In Redis a key ends at a time of the clock,
// and so later then; on the embedded server it would keep the time that it has left.
func (l *lab) step(d int64) {
	l.Helper()
	ttl, err := l.srv.Client().PTTL(l.Context(), key).Result()
	require.NoError(l, err)
	l.skew += d
	l.pass(0)
	if ttl > 0 && d < 0 {
		ttl += time.Duration(1000-d) * time.Microsecond
		require.NoError(l, l.srv.Client().PExpire(l.Context(), key, ttl).Err())
	}
}

// stored returns the subject's hash.
func (l *lab) stored() map[string]string {
	l.Helper()
	fields, err := l.srv.Client().HGetAll(l.Context(), key).Result()
	require.NoError(l, err)
	return fields
}

// later copies the subject to the other server, sets the clock of that to after the
// subject's, and returns a limiter there.
func (l *lab) later(after time.Duration, limits ...ratelimit.Limit) *ratelimit.Limiter[string] {
	l.Helper()
	l.other.SetTime(time.UnixMicro(l.now() + after.Microseconds()))
	stored := l.stored()
	_, err := l.other.Client().Pipelined(l.Context(), func(p redis.Pipeliner) error {
		p.Del(l.Context(), key)
		if len(stored) > 0 {
			p.HSet(l.Context(), key, stored)
		}
		return nil
	})
	require.NoError(l, err)
	return l.limiterIn(l.elsewhere, limits)
}

// allow is AllowN, which must not fail.
func (l *lab) allow(limiter *ratelimit.Limiter[string], n int64, opts ...ratelimit.CallOption) ratelimit.Decision {
	l.Helper()
	d, err := limiter.AllowN(l.Context(), subject, n, opts...)
	require.NoError(l, err)
	return d
}

// upTo is AllowUpTo, which must not fail.
func (l *lab) upTo(limiter *ratelimit.Limiter[string], n int64) ratelimit.Decision {
	l.Helper()
	d, err := limiter.AllowUpTo(l.Context(), subject, n)
	require.NoError(l, err)
	return d
}

// peek is Peek, which must not fail.
func (l *lab) peek(limiter *ratelimit.Limiter[string]) ratelimit.Decision {
	l.Helper()
	d, err := limiter.Peek(l.Context(), subject)
	require.NoError(l, err)
	return d
}

// within returns a number from 0 up to n, small ones more often than large ones.
func (l *lab) within(n int64) int64 {
	if l.IntN(2) == 0 {
		return l.Int64N(n + 1)
	}
	return l.Int64N(l.Int64N(n+1) + 1)
}

// eachSeed runs a test for some seeds, at the same time.
func eachSeed(t *testing.T, seeds int, run func(t *testing.T, l *lab)) {
	t.Helper()
	for i := range uint64(seeds) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			run(t, newLab(t, *firstSeed+i))
		})
	}
}
