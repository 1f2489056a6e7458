package ratelimit_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// stored returns all that the server has at a key.
func stored(t *testing.T, server *embedded.Server, key string) string {
	t.Helper()
	members, err := server.Client().ZRangeWithScores(t.Context(), key, 0, -1).Result()
	require.NoError(t, err)
	left, err := server.Client().PTTL(t.Context(), key).Result()
	require.NoError(t, err)
	return fmt.Sprint(members, left)
}

func TestASemaphoreIsFullUntilTheFirstLeaseEnds(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	for i := range 3 {
		assert.Equal(t, i, inUse(t, s))
		server.SetTime(noon.Add(time.Duration(i) * time.Second))
		mustTake(t, s)
	}
	server.SetTime(noon.Add(3*time.Second + time.Microsecond))
	before := stored(t, server, deskKey)
	full := mustBeFull(t, s)
	assert.Equal(t, time.Hour-3*time.Second-time.Microsecond, full.RetryAfter)
	assert.Equal(t, 3, full.InUse)
	assert.Equal(t, before, stored(t, server, deskKey), "a call that is denied changes nothing")

	server.SetTime(noon.Add(time.Hour - time.Microsecond))
	assert.Equal(t, time.Microsecond, mustBeFull(t, s).RetryAfter)
	server.SetTime(noon.Add(time.Hour))
	assert.Equal(t, 2, inUse(t, s))
	mustTake(t, s)
	assert.Equal(t, time.Second, mustBeFull(t, s).RetryAfter)
	members, err := server.Client().ZCard(t.Context(), deskKey).Result()
	require.NoError(t, err)
	assert.EqualValues(t, 4, members, "the permit that has ended is gone; three and the fencing number are left")
}

// A family that has fewer permits than before waits for as many leases as are too many.
func TestFewerPermitsThanAreTaken(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	for i := range 3 {
		server.SetTime(noon.Add(time.Duration(i) * time.Second))
		mustTake(t, s)
	}
	fewer := semaphoreOf(t, store, ratelimit.DefineSemaphore[string]("desks:<room>", 2, time.Hour))
	full := mustBeFull(t, fewer)
	assert.Equal(t, 3, full.InUse)
	assert.Equal(t, time.Hour-time.Second, full.RetryAfter)
}

func TestFencesGrow(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	var last int64
	for _, step := range []struct {
		name    string
		at      time.Duration
		expired bool
	}{
		{"first", 0, true},
		{"in the same microsecond", 0, false},
		{"later", time.Minute, false},
		{"after the clock was set back", -24 * time.Hour, false},
		{"and then", -24*time.Hour + time.Minute, false},
		{"before the key has expired", time.Hour - time.Millisecond, false},
		{"after the key has expired", 6 * time.Hour, true},
		{"after the clock was set back again", 3 * time.Hour, false},
		{"after the key has expired again", 9 * time.Hour, true},
	} {
		server.SetTime(noon.Add(step.at))
		exists, err := server.Client().Exists(t.Context(), deskKey).Result()
		require.NoError(t, err)
		assert.Equal(t, step.expired, exists == 0, step.name)
		p := mustTake(t, s)
		assert.Greater(t, p.Fence(), last, step.name)
		last = p.Fence()
		mustRelease(t, p)
	}

	// Even a clock that is set back once the key has expired repeats nothing, within the hour.
	server.SetTime(noon.Add(11 * time.Hour))
	exists, err := server.Client().Exists(t.Context(), deskKey).Result()
	require.NoError(t, err)
	require.Zero(t, exists)
	server.SetTime(noon.Add(9*time.Hour + time.Second))
	assert.Greater(t, mustTake(t, s).Fence(), last)
}

func TestTheKeyOutlivesItsLeasesByAnHour(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	short := semaphoreOf(t, store, ratelimit.DefineSemaphore[string]("desks:<room>", 3, time.Minute))
	left := func() time.Duration {
		t.Helper()
		d, err := server.Client().PTTL(t.Context(), deskKey).Result()
		require.NoError(t, err)
		return d
	}
	server.SetTime(noon)
	first := mustTake(t, short)
	assert.Equal(t, time.Hour+time.Minute, left())
	mustTake(t, s)
	assert.Equal(t, 2*time.Hour, left())
	mustRelease(t, first)
	assert.Equal(t, 2*time.Hour, left())
	server.SetTime(noon.Add(time.Minute))
	mustTake(t, short)
	assert.Equal(t, 2*time.Hour-time.Minute, left(), "a short lease does not shorten it")

	server.SetTime(noon.Add(-time.Hour))
	mustTake(t, short)
	assert.Equal(t, 2*time.Hour+time.Minute+time.Millisecond, left(), "an hour more than the fencing number is ahead of the clock")
}

// On a server that has an older clock, as after a failover, a lease ends at the latest when
// one ends that begins now.
func TestAClockThatIsSetBackMakesNoLeaseLonger(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	server.SetTime(noon)
	for range 3 {
		mustTake(t, s)
	}
	server.SetTime(noon.Add(-24 * time.Hour))
	assert.Equal(t, time.Hour, mustBeFull(t, s).RetryAfter)
	server.SetTime(noon.Add(-23*time.Hour - time.Microsecond))
	assert.Equal(t, time.Microsecond, mustBeFull(t, s).RetryAfter)
	server.SetTime(noon.Add(-23 * time.Hour))
	mustTake(t, s)
}

// Families that differ in their leases may share subjects, as while a new version is
// rolled out.
func TestALongerLeaseOfAnotherFamilyIsNotCut(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	short := semaphoreOf(t, store, ratelimit.DefineSemaphore[string]("desks:<room>", 3, time.Minute))
	server.SetTime(noon)
	for range 3 {
		mustTake(t, s)
	}
	assert.Equal(t, time.Hour, mustBeFull(t, short).RetryAfter)
	server.SetTime(noon.Add(-time.Minute))
	assert.Equal(t, time.Hour, mustBeFull(t, short).RetryAfter, "cut to its own length")
	assert.Equal(t, time.Hour, mustBeFull(t, s).RetryAfter)
}

func TestSubjectsAndTenantsHaveTheirOwnPermits(t *testing.T) {
	t.Parallel()
	_, store := startEmbedded(t)
	one := ratelimit.DefineSemaphore[string]("desk:<room>", 1, time.Hour)
	for _, s := range []*ratelimit.Semaphore[string]{semaphoreOf(t, store, one), semaphoreOf(t, store.Tenant("x"), one)} {
		for _, subject := range []string{"a", "b"} {
			p, err := s.TryAcquire(t.Context(), subject)
			require.NoError(t, err)
			t.Cleanup(func() { ratelimit.Kill(p) })
		}
	}
}

func TestWhatASemaphoreNeedsOfItsStore(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	mustTake(t, semaphoreOf(t, store, desks))
	reading, err := state.New(server.Client(), state.Options{Prefix: "t:"})
	require.NoError(t, err)
	writing, err := state.New(server.Client(), state.Options{Prefix: "t:", DisableGet: true, EnableSet: true})
	require.NoError(t, err)

	s := semaphoreOf(t, reading, desks)
	assert.Equal(t, 1, inUse(t, s))
	_, err = s.TryAcquire(t.Context(), "a")
	require.ErrorIs(t, err, state.ErrSetDisabled)
	_, err = s.Acquire(t.Context(), "a")
	require.ErrorIs(t, err, state.ErrSetDisabled)
	s = semaphoreOf(t, writing, desks)
	mustRelease(t, mustTake(t, s))
	_, err = s.InUse(t.Context(), "a")
	require.ErrorIs(t, err, state.ErrGetDisabled)

	require.NoError(t, store.Close())
	_, err = semaphoreOf(t, store, desks).TryAcquire(t.Context(), "a")
	require.ErrorIs(t, err, state.ErrClosed)
	for _, none := range []*state.Store{nil, {}} {
		_, err = ratelimit.NewSemaphore(none, desks)
		require.ErrorIs(t, err, state.ErrNoStore)
	}
}

func TestErrorsOfASemaphore(t *testing.T) {
	t.Parallel()
	server, store := startEmbedded(t)
	s := semaphoreOf(t, store, desks)
	_, err := s.TryAcquire(t.Context(), "")
	require.ErrorIs(t, err, state.ErrInvalidKey)

	p, err := s.TryAcquire(t.Context(), "secret")
	require.NoError(t, err)
	t.Cleanup(func() { ratelimit.Kill(p) })
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", p, p, p, p), "secret")

	// No server has a set there after a crash, but another program's mistake may.
	require.NoError(t, server.Client().Set(t.Context(), "t:desks:secret", "x", time.Hour).Err())
	_, taken := s.TryAcquire(t.Context(), "secret")
	_, counted := s.InUse(t.Context(), "secret")
	_, released := p.Release(t.Context())
	for op, err := range map[string]error{"TryAcquire": taken, "InUse": counted, "Release": released} {
		require.ErrorIs(t, err, state.ErrWrongType, op)
		labelled, ok := errors.AsType[*state.Error](err)
		require.True(t, ok, op)
		assert.Equal(t, op, labelled.Op)
		assert.Equal(t, "desks:<room>", labelled.Family)
		assert.Equal(t, "t:desks:secret", labelled.Key())
		assert.NotContains(t, err.Error(), "secret")
	}
	for range 3 {
		mustTake(t, s)
	}
	_, err = s.TryAcquire(t.Context(), "a")
	assert.EqualError(t, err, "state: TryAcquire desks:<room>: all permits are taken: 3 in use, and the next lease ends in "+
		errorOf[*ratelimit.FullError](t, err).RetryAfter.String())
}

func errorOf[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	require.True(t, ok)
	return e
}

func TestDefineSemaphoreSaysWhatToMend(t *testing.T) {
	t.Parallel()
	for want, define := range map[string]func(){
		`ratelimit.DefineSemaphore("a:<b>"): 0 permits; give 1 to 100000`:      func() { ratelimit.DefineSemaphore[string]("a:<b>", 0, time.Second) },
		`ratelimit.DefineSemaphore("a:<b>"): 100001 permits; give 1 to 100000`: func() { ratelimit.DefineSemaphore[string]("a:<b>", 100_001, time.Second) },
		`ratelimit.DefineSemaphore("a:<b>"): a lease of 99ms; give 100ms to 24h0m0s`: func() {
			ratelimit.DefineSemaphore[string]("a:<b>", 1, 99*time.Millisecond)
		},
		`ratelimit.DefineSemaphore("a:<b>"): a lease of 24h0m0.000000001s; give 100ms to 24h0m0s`: func() {
			ratelimit.DefineSemaphore[string]("a:<b>", 1, 24*time.Hour+1)
		},
	} {
		assert.PanicsWithValue(t, want, define)
	}
	assert.Panics(t, func() { ratelimit.DefineSemaphore[string]("a:<b>:<c>", 1, time.Second) }, "a string is not two parts")
	assert.NotPanics(t, func() {
		ratelimit.DefineSemaphore[string]("a:<b>", 1, 100*time.Millisecond)
		ratelimit.DefineSemaphore[ratelimit.Global]("a", 100_000, 24*time.Hour)
	})
}
