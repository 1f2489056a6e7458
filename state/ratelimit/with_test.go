package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// with is With, which must not fail.
func (l *lab) with(limiter *ratelimit.Limiter[string], limits ...ratelimit.Limit) *ratelimit.Limiter[string] {
	l.Helper()
	other, err := limiter.With(limits...)
	require.NoError(l, err)
	return other
}

// TestOtherLimitsGoOnWithWhatWasUsed takes 6 tokens of a limit and asks another one of its
// name what it has.
func TestOtherLimitsGoOnWithWhatWasUsed(t *testing.T) {
	t.Parallel()
	window := ratelimit.Window("x", 10, time.Minute)
	bucket := ratelimit.Bucket("x", 10, time.Minute)
	for name, c := range map[string]struct {
		was, is ratelimit.Limit
		want    int64
	}{
		"window, more tokens":         {window, ratelimit.Window("x", 100, time.Minute), 94},
		"window, fewer tokens":        {window, ratelimit.Window("x", 7, time.Minute), 1},
		"window, fewer than used":     {window, ratelimit.Window("x", 2, time.Minute), 0},
		"window, longer":              {window, ratelimit.Window("x", 10, time.Hour), 10},
		"window, shorter":             {window, ratelimit.Window("x", 10, time.Second), 10},
		"window, other slots":         {window, window.WithSlots(1), 4},
		"window, shadow":              {window, window.AsShadow(), 4},
		"window, no shadow":           {window.AsShadow(), window, 4},
		"bucket, more tokens":         {bucket, ratelimit.Bucket("x", 100, time.Minute), 94},
		"bucket, fewer tokens":        {bucket, ratelimit.Bucket("x", 7, time.Minute), 1},
		"bucket, fewer than used":     {bucket, ratelimit.Bucket("x", 2, time.Minute), 0},
		"bucket, longer":              {bucket, ratelimit.Bucket("x", 10, time.Hour), 4},
		"bucket, larger burst":        {bucket, bucket.WithBurst(20), 14},
		"bucket, smaller burst":       {bucket, bucket.WithBurst(6), 0},
		"bucket, without common part": {bucket, ratelimit.Bucket("x", 9973, 60000017*time.Microsecond), 9967},
		"bucket, shadow":              {bucket, bucket.AsShadow(), 4},
		"another kind":                {window, bucket, 10},
		"another kind back":           {bucket, window, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 1)
			was := l.limiter(c.was)
			require.EqualValues(t, 6, l.allow(was, 6).Granted)
			is := l.with(was, c.is)
			d := l.peek(is)
			assert.Equal(t, c.want, d.Limits[0].Remaining)
			l.probe(d.Limits[0], 1)
			if d = l.allow(is, c.want+1); !c.is.IsShadow() {
				assert.False(t, d.Allowed)
			}
			l.probe(d.Limits[0], c.want+1)
			if c.want > 0 {
				d = l.allow(is, c.want)
				assert.True(t, d.Allowed)
				assert.Zero(t, d.Limits[0].Remaining)
				l.probe(d.Limits[0], 1)
				switch apart := isWindow(c.was) != isWindow(c.is) || isWindow(c.was) && c.was.Per() != c.is.Per(); {
				case apart:
					assert.EqualValues(t, 4, l.peek(was).Limits[0].Remaining, "and not back")
				case c.was.Capacity() <= 6+c.want:
					assert.Zero(t, l.peek(was).Limits[0].Remaining, "and back")
				}
			}
		})
	}
}

// What is carried over to a bucket that counts in other units is rounded up: to and fro
// nothing comes free.
func TestABucketThatIsRedefinedToAndFroLosesNothing(t *testing.T) {
	t.Parallel()
	eachSeed(t, 10, func(_ *testing.T, l *lab) {
		per := func() time.Duration { return time.Duration(1e6+l.Int64N(1e9)) * time.Microsecond }
		a := l.limiter(ratelimit.Bucket("b", 1+l.Int64N(1000), per()).WithBurst(1000))
		b := l.with(a, ratelimit.Bucket("b", 1+l.Int64N(1000), per()).WithBurst(1000))
		left := int64(1000)
		for i := range int64(100) {
			limiter := a
			if i%2 == 1 {
				limiter = b
			}
			n := 1 + l.Int64N(4)
			left -= n
			d := l.allow(limiter, n)
			require.True(l, d.Allowed)
			require.LessOrEqual(l, d.Limits[0].Remaining, left)
			require.GreaterOrEqual(l, d.Limits[0].Remaining, left-1, "less than a token is lost by rounding")
		}
	})
}

// TestAWindowThatIsRedefinedKeepsToTheLimitOfTheCall changes between windows of one time that
// differ at random.
func TestAWindowThatIsRedefinedKeepsToTheLimitOfTheCall(t *testing.T) {
	t.Parallel()
	eachSeed(t, 15, func(_ *testing.T, l *lab) {
		all := make([]ratelimit.Limit, 3)
		per := time.Duration(1000+l.Int64N(1e9)) * time.Microsecond
		for i := range all {
			all[i] = ratelimit.Window("w", 1+l.Int64N(40), per).WithSlots(1 + l.IntN(40))
		}
		j := newJudge(l, all[0])
		m := j.models[0].(*windowModel)
		d := ratelimit.Decision{}
		for range *rounds {
			l.wait(d)
			if l.IntN(5) == 0 {
				j.limits[0] = all[l.IntN(3)]
				j.limiter = l.with(j.limiter, j.limits[0])
				m.redefine(j.limits[0])
			}
			n := j.someTokens()
			d = l.allow(j.limiter, n)
			j.judge(d, n, nil)
		}
	})
}

// What was used of a larger bucket takes no longer to drain than all of the smaller one.
func TestABucketThatHasBecomeSmallerDeniesUntilWhatWasUsedHasRefilled(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	large := l.limiter(ratelimit.Bucket("b", 100, time.Hour))
	l.allow(large, 100)
	for _, limit := range []ratelimit.Limit{
		ratelimit.Bucket("b", 2, time.Hour), ratelimit.Bucket("b", 2, time.Hour).AsShadow(), ratelimit.Bucket("b", 100, time.Hour).WithBurst(10),
	} {
		token := limit.Per() / time.Duration(limit.N())
		u := l.peek(l.with(large, limit)).Limits[0]
		assert.Zero(t, u.Remaining, limit)
		assert.Equal(t, 100*token, u.ResetAfter, limit)
		assert.Equal(t, token*time.Duration(101-limit.Capacity()), u.NextAfter, limit)
		l.probe(u, 1)
	}
}

// Whoever alternates between a bucket and a smaller one of its name gets no more than the larger
// allows.
func TestASmallerBucketIsNoWayAroundALargerOne(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	bucket := ratelimit.Bucket("b", 100, time.Hour)
	large := l.limiter(bucket)
	granted := l.upTo(large, 1000).Granted
	for range 100 {
		l.pass((18 * time.Second).Microseconds())
		granted += l.upTo(l.with(large, bucket.WithBurst(1)), 1).Granted
		l.upTo(l.with(large, bucket.WithBurst(1).AsShadow()), 1) // which denies nothing
		granted += l.upTo(large, 1000).Granted
	}
	assert.EqualValues(t, 150, granted)
}

// An end that is farther away than Redis can count would remove the key at once.
func TestAnExtremeRedefinitionDoesNotLoseTheSubject(t *testing.T) {
	t.Parallel()
	const most = 4_000_000_000_000_000
	client := redistest.Start(t).Client(t)
	hour := ratelimit.Window("w", 3, time.Hour)
	limiter, err := ratelimit.New(storeOn(t, client), family(ratelimit.Bucket("b", 1, 366*24*time.Hour).AsShadow(), hour), ratelimit.Options{})
	require.NoError(t, err)
	// That bucket is empty again in a millisecond, so what was used is written by hand.
	name := "t:calls:" + subject
	require.NoError(t, client.HSet(t.Context(), name, "b:b", fmt.Sprintf("%d;%d;1", most, time.Now().UnixMicro())).Err())
	for i := range int64(5) {
		d, err := limiter.Allow(t.Context(), subject)
		require.NoError(t, err)
		require.Equal(t, i < 3, d.Allowed)
		assert.LessOrEqual(t, d.Limits[0].ResetAfter, 1<<52*time.Microsecond)
		ttl := client.PTTL(t.Context(), name).Val()
		assert.Greater(t, ttl, 365*24*time.Hour)
		assert.LessOrEqual(t, ttl, 1<<52*time.Microsecond+62*time.Second, "what is used is remembered")
	}

	// On the other server the clock can stand still.
	l := newLab(t, 1)
	vast := l.limiter(ratelimit.Bucket("b", most, time.Millisecond), hour)
	require.True(t, l.allow(vast, 2).Allowed)
	require.Equal(t, int64(most-2), l.allow(l.with(vast, ratelimit.Bucket("b", most, time.Millisecond)), most-2).Granted)
	slow := l.with(vast, ratelimit.Bucket("b", 1, 366*24*time.Hour).AsShadow(), hour)
	for i := range int64(3) {
		d := l.allow(slow, 1)
		assert.Equal(t, i == 0, d.Allowed)
		assert.Equal(t, 1<<52*time.Microsecond, d.Limits[0].ResetAfter)
		l.pass(0)
		require.NotEmpty(t, l.stored())
	}
}

// A denied call writes nothing, but what it says has to come true.
func TestADeniedCallKeepsTheSubjectForItsOwnLimits(t *testing.T) {
	t.Parallel()
	for _, slow := range []ratelimit.Limit{
		ratelimit.Bucket("b", 1, time.Hour), ratelimit.Bucket("b", 4, 24*time.Hour), ratelimit.Bucket("b", 9, time.Hour).AsShadow(),
	} {
		l := newLab(t, 1)
		fast := l.limiter(ratelimit.Bucket("b", 9, time.Second).WithBurst(10), ratelimit.Window("w", 10, time.Second))
		l.allow(fast, 10)
		limiter := l.with(fast, slow, ratelimit.Window("w", 10, time.Second))
		denied := l.allow(limiter, 1)
		require.False(t, denied.Allowed)
		if u := denied.Limits[0]; assert.True(t, u.Denied, slow) {
			l.pass(u.RetryAfter.Microseconds() - 1)
			assert.True(t, l.peek(limiter).Limits[0].Denied, slow)
			l.pass(1)
			assert.True(t, l.allow(limiter, 1).Allowed, slow)
		}
	}
}

// TestLimitsOfOneNameThatCannotBeToldFromEachOtherAreKeptApart has processes of a new and an
// old version call in turn.
func TestLimitsOfOneNameThatCannotBeToldFromEachOtherAreKeptApart(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limits := []ratelimit.Limit{
		ratelimit.Window("x", 5, time.Minute), ratelimit.Window("x", 9, time.Hour), ratelimit.Window("x", 7, time.Second),
		ratelimit.Bucket("x", 4, time.Hour),
	}
	var limiters []*ratelimit.Limiter[string]
	for _, limit := range limits {
		limiters = append(limiters, l.limiter(limit))
	}
	for round := range int64(10) {
		for i, limiter := range limiters {
			d := l.allow(limiter, 1)
			require.Equal(t, round < limits[i].N(), d.Allowed, limits[i])
			require.Equal(t, max(0, limits[i].N()-round-1), d.Limits[0].Remaining, limits[i])
		}
	}
	for _, limiter := range limiters {
		l.probe(l.peek(limiter).Limits[0], 1)
	}
	require.NoError(t, limiters[1].Reset(t.Context(), subject, "x"))
	for i, limiter := range limiters {
		assert.Equal(t, i == 1, l.peek(limiter).Limits[0].Remaining > 0, "a reset is of its own limits")
	}
}

func TestALimitThatACallDoesNotHaveIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	a, b, c := ratelimit.Window("a", 10, time.Minute), ratelimit.Bucket("b", 20, time.Hour), ratelimit.Window("c", 30, time.Hour)
	both := l.limiter(a, b)
	l.allow(both, 3)
	l.allow(l.with(both, a), 2)
	assert.Equal(t, []int64{5, 17}, l.remaining(both))
	l.allow(l.with(both, c, b), 4)
	assert.Equal(t, []int64{5, 13}, l.remaining(both))
	assert.Equal(t, []int64{26, 13, 5}, l.remaining(l.with(both, c, b, a)))

	_, err := both.With()
	require.Error(t, err)
	_, err = both.With(a, a)
	require.Error(t, err)
	assert.Equal(t, []int64{5, 13}, l.remaining(both))
}

func TestAResetForgetsTheLimitsWithThoseNames(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("a", 10, time.Minute), ratelimit.Bucket("b", 20, time.Hour))
	for _, c := range []struct {
		names []string
		want  []int64
	}{
		{[]string{"a"}, []int64{10, 17}},
		{[]string{"b"}, []int64{7, 20}},
		{[]string{"b", "a"}, []int64{10, 20}},
		{nil, []int64{10, 20}},
	} {
		require.NoError(t, limiter.Reset(t.Context(), subject))
		require.Empty(t, l.stored())
		require.NoError(t, limiter.Reset(t.Context(), subject, c.names...), "of a subject that there is not")
		require.Empty(t, l.stored())
		l.allow(limiter, 3)
		l.pass(1000)
		require.NoError(t, limiter.Reset(t.Context(), subject, c.names...))
		assert.Equal(t, c.want, l.remaining(limiter), c.names)
		for _, u := range l.peek(limiter).Limits {
			l.probe(u, 1)
		}
		before := l.stored()
		require.ErrorIs(t, limiter.Reset(t.Context(), subject, "a", "no"), ratelimit.ErrUnknownLimit)
		assert.Equal(t, before, l.stored())
	}
	store, err := state.New(l.srv.Client(), state.Options{Prefix: prefix, EnableSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	limiter, err = ratelimit.New(store, family(ratelimit.Window("a", 10, time.Minute)), ratelimit.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, limiter.Reset(t.Context(), subject), state.ErrRemoveDisabled)
}
