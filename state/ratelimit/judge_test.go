package ratelimit_test

import (
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// judge makes calls of a limiter, and holds what comes of each against the models of its
// limits. It knows the true time, whatever the server's clock shows.
type judge struct {
	*lab
	limiter *ratelimit.Limiter[string]
	limits  []ratelimit.Limit
	models  []model
	// lax has only the most that may be granted matter, as while the clock is wrong.
	lax bool
}

func newJudge(l *lab, limits ...ratelimit.Limit) *judge {
	l.Helper()
	l.Logf("limits %v", limits)
	j := &judge{lab: l, limiter: l.limiter(limits...), limits: limits}
	for _, limit := range limits {
		j.models = append(j.models, newModel(limit))
	}
	return j
}

// someLimits returns limits of one subject that can be together.
func (l *lab) someLimits(most int) []ratelimit.Limit {
	for {
		limits := make([]ratelimit.Limit, 1+l.IntN(most))
		for i := range limits {
			limits[i] = l.someLimit(fmt.Sprint("limit-", i))
		}
		if allShadows(limits) {
			continue
		}
		if _, err := l.limiter(ratelimit.Window("w", 1, time.Second)).With(limits...); err == nil {
			return limits
		}
	}
}

func (l *lab) someLimit(name string) ratelimit.Limit {
	per := time.Duration(1000+l.within([]int64{10, 1e3, 1e6, 1e9, 1e11}[l.IntN(5)])) * time.Microsecond
	if l.IntN(3) == 0 {
		per = per.Truncate(time.Millisecond)
	}
	n := 1 + l.within(40)
	limit := ratelimit.Window(name, n, per).WithSlots(1 + int(l.within(40)))
	if l.IntN(2) == 0 {
		limit = ratelimit.Bucket(name, n, per).WithBurst(1 + l.within(2*n))
	}
	if l.IntN(5) == 0 {
		limit = limit.AsShadow()
	}
	return limit
}

func allShadows(limits []ratelimit.Limit) bool {
	for _, l := range limits {
		if !l.IsShadow() {
			return false
		}
	}
	return true
}

// allowN judges a call of AllowN and returns its decision.
func (j *judge) allowN(n int64) ratelimit.Decision {
	j.Helper()
	before := j.stored()
	d := j.allow(j.limiter, n)
	j.judge(d, n, nil)
	if d.Allowed {
		require.Equal(j, n, d.Granted)
	} else {
		j.unchanged(before)
	}
	j.usages(d, n)
	return d
}

// allowUpTo judges a call of AllowUpTo.
func (j *judge) allowUpTo(n int64) ratelimit.Decision {
	j.Helper()
	before := j.stored()
	least, most := n, n
	for i, m := range j.models {
		if !j.limits[i].IsShadow() {
			least, most = min(least, m.must(j.truth)), min(most, m.may(j.truth))
		}
	}
	has := j.remaining(j.limiter)
	d := j.upTo(j.limiter, n)
	require.LessOrEqual(j, d.Granted, most, "at %d", j.truth)
	if !j.lax {
		require.GreaterOrEqual(j, d.Granted, least, "at %d", j.truth)
	}
	j.judge(d, 1, has)
	if !d.Allowed {
		j.unchanged(before)
	}
	j.usages(d, 1)
	return d
}

// unchanged fails if a call has changed what is stored, which only a clock that was set
// back may have it do.
func (j *judge) unchanged(before map[string]string) {
	j.Helper()
	if !j.lax {
		require.True(j, maps.Equal(before, j.stored()), "a denied call changes nothing")
	}
}

// judge holds a decision about n tokens of each limit against the models, and has them
// know what was granted. For AllowUpTo, has is what the limits had before.
func (j *judge) judge(d ratelimit.Decision, n int64, has []int64) {
	j.Helper()
	require.Equal(j, ratelimit.FromServer, d.Source)
	require.NoError(j, d.Err)
	require.Equal(j, j.now(), d.ServerTime.UnixMicro())
	require.Len(j, d.Limits, len(j.limits))
	denied, retry := false, time.Duration(0)
	for i, u := range d.Limits {
		m, limit := j.models[i], j.limits[i]
		require.Equal(j, limit, u.Limit)
		if u.Denied {
			require.True(j, j.lax || n > m.must(j.truth), "%v denies %d, and must grant %d at %d", limit, n, m.must(j.truth), j.truth)
			require.Positive(j, u.RetryAfter)
		} else {
			require.LessOrEqual(j, n, m.may(j.truth), "%v at %d", limit, j.truth)
			require.Zero(j, u.RetryAfter)
		}
		if b, ok := m.(*bucketModel); ok && !j.lax {
			require.Equal(j, b.retryAfter(j.truth, n), u.RetryAfter, "%v: RetryAfter", limit)
		}
		if u.Denied && !limit.IsShadow() {
			denied, retry = true, max(retry, u.RetryAfter)
		}
	}
	require.Equal(j, denied, !d.Allowed, "all or nothing")
	require.Equal(j, retry, d.RetryAfter)
	if denied {
		require.Equal(j, retry, j.usageOf(d, d.DecidedBy).RetryAfter, "decided by the limit that denies for longest")
		require.Zero(j, d.Granted)
	}
	for i, u := range d.Limits {
		switch {
		case !d.Allowed || u.Denied:
		case u.Limit.IsShadow():
			// It counts what it would have granted, which can be less than AllowUpTo granted.
			takes := d.Granted
			if has != nil {
				takes = min(takes, has[i])
			}
			j.models[i].granted(j.truth, takes)
		default:
			j.models[i].granted(j.truth, d.Granted)
		}
	}
}

// usages holds what a decision about that many tokens says of its limits after the call
// against the models.
func (j *judge) usages(d ratelimit.Decision, asked int64) {
	j.Helper()
	least := int64(math.MaxInt64)
	longest := time.Duration(0)
	for i, u := range d.Limits {
		m, limit := j.models[i], j.limits[i]
		require.LessOrEqual(j, u.Remaining, max(0, m.may(j.truth)), "%v: Remaining", limit)
		if !j.lax {
			require.GreaterOrEqual(j, u.Remaining, m.must(j.truth), "%v: Remaining", limit)
		}
		if b, ok := m.(*bucketModel); ok && !j.lax {
			require.Equal(j, b.nextAfter(j.truth), u.NextAfter, "%v: NextAfter", limit)
			require.Equal(j, b.resetAfter(j.truth), u.ResetAfter, "%v: ResetAfter", limit)
		}
		if !limit.IsShadow() {
			least = min(least, u.Remaining)
		}
		longest = max(longest, u.ResetAfter)
	}
	if d.Allowed {
		require.Equal(j, least, j.usageOf(d, d.DecidedBy).Remaining, "decided by the limit that has least left")
	}
	j.expires(longest)
	if j.IntN(8) == 0 {
		j.probe(d.Limits[j.IntN(len(d.Limits))], asked, j.limits...)
	}
}

func (j *judge) usageOf(d ratelimit.Decision, name string) ratelimit.Usage {
	j.Helper()
	for _, u := range d.Limits {
		if u.Limit.Name() == name {
			return u
		}
	}
	require.Fail(j, "no such limit", name)
	return ratelimit.Usage{}
}

// expires fails unless the subject's key lives for as long as it says something, and,
// while the clock goes right, not much longer: its end is set up to 61 seconds ahead. PTTL is rounded.
func (j *judge) expires(need time.Duration) {
	j.Helper()
	ttl, err := j.srv.Client().PTTL(j.Context(), key).Result()
	require.NoError(j, err)
	switch {
	case ttl == -2:
		require.Zero(j, need, "the key is gone too early")
	case ttl == -1:
		require.Fail(j, "a key without TTL")
	default:
		require.GreaterOrEqual(j, ttl+time.Millisecond, need, "the key ends too early")
		require.True(j, j.lax || ttl <= need+61*time.Second+2*time.Millisecond, "the key lives too long")
	}
}
