//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// brokenLimiters are limiters that a test may choose by their names. A worker looks for
// its own here, too, as it is this program.
func brokenLimiters() {
	for name, breaks := range map[string]func(*limitCalls){
		"generous":  generous,
		"twice":     twice,
		"stubborn":  stubbornly,
		"forgetful": forgetful,
		"silent":    silent,
	} {
		calls := realLimitCalls
		breaks(&calls)
		limitCallsNamed[name] = calls
	}
}

// noticedLimits runs the limiters of that name on one server until these figures are broken.
func noticedLimits(t *testing.T, name string, broke ...string) (*report, map[string]string) {
	t.Helper()
	rep, figures := noticed(t, limitSingle, time.Second+7*time.Nanosecond, func(b *bench) {
		b.limits = name
		b.faults.limits = 0.2
	}, broke...)
	assert.NotEqual(t, "0", figures["limit_calls"])
	return rep, figures
}

// over is whether more was granted than a window allows.
func over(rep *report) bool {
	return slices.ContainsFunc(rep.broken, func(why string) bool {
		return strings.Contains(why, "admitted_over_limit") && !idleLimiters(why)
	})
}

// generous grants a little more than the limits, and its keys stay for ever.
func generous(c *limitCalls) {
	c.open = func(s *state.Store, f *ratelimit.Family[string], k *limitKind) (*limiter, error) {
		l, err := realLimitCalls.open(s, f, k)
		if err != nil {
			return nil, err
		}
		var more []ratelimit.Limit
		for _, of := range k.limits(shortestWindow) {
			switch of.Name() {
			case hard:
				of = ratelimit.Window(hard, of.N()+max(1, of.N()/20), of.Per())
			case refill:
				of = ratelimit.Bucket(refill, of.N()*11/10, of.Per()).WithBurst(of.Capacity())
			}
			more = append(more, of)
		}
		return l.With(more...)
	}
	c.allow = func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error) {
		d, err := realLimitCalls.allow(ctx, l, subject, n, opts...)
		_ = l.store.Client().Persist(ctx, limitPrefix+l.kind.name+":"+subject).Err()
		return d, err
	}
}

func TestLimitersThatGrantMoreAreNoticed(t *testing.T) {
	t.Parallel()
	rep, _ := noticedLimits(t, "generous", "admitted_over_limit_single", "admitted_over_bucket_limit_single", "immortal_keys_single")
	assert.False(t, broken(rep, "executions_per_call"), rep.broken)
}

// twice charges what it grants again.
func twice(c *limitCalls) {
	c.allow = func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error) {
		d, err := realLimitCalls.allow(ctx, l, subject, n, opts...)
		if d.Allowed && len(opts) == 0 {
			_, _ = realLimitCalls.allow(ctx, l, subject, n)
		}
		return d, err
	}
}

func TestLimitersThatChargeTwiceAreNoticed(t *testing.T) {
	t.Parallel()
	rep, _ := noticedLimits(t, "twice", "executions_per_call_single", "charged_again_single", "utilisation_single")
	assert.False(t, over(rep), rep.broken)
	assert.False(t, broken(rep, "immortal_keys"), rep.broken)
}

// stubbornly repeats a call that may have been executed, and has a limit of few slots.
func stubbornly(c *limitCalls) {
	c.open = func(s *state.Store, f *ratelimit.Family[string], k *limitKind) (*limiter, error) {
		l, err := realLimitCalls.open(s, f, k)
		if err != nil || k.name != "unit" {
			return l, err
		}
		return l.With(k.limits(shortestWindow)[0].WithSlots(3))
	}
	c.allow = func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (d ratelimit.Decision, err error) {
		for range repeats {
			if d, err = realLimitCalls.allow(ctx, l, subject, n, opts...); !errors.Is(err, state.ErrUnknownOutcome) {
				break
			}
		}
		return d, err
	}
}

func TestLimitersThatRepeatCallsAreNoticed(t *testing.T) {
	t.Parallel()
	rep, figures := noticedLimits(t, "stubborn", "executions_per_call_single", "utilisation_single")
	if over(rep) { // seen once, on a loaded machine; the limiters as they are have never shown it
		rep, figures = noticedLimits(t, "stubborn", "executions_per_call_single", "utilisation_single")
	}
	assert.NotEqual(t, "NaN", figures["utilisation_single"])
	assert.False(t, over(rep), rep.broken)
}

// forgetful gives back more than was taken, and does not know a call by its id.
func forgetful(c *limitCalls) {
	c.allow = func(ctx context.Context, l *openLimiter, subject string, n int64, _ ...ratelimit.CallOption) (ratelimit.Decision, error) {
		return realLimitCalls.allow(ctx, l, subject, n)
	}
	c.refund = func(ctx context.Context, l *openLimiter, subject string, r *ratelimit.Reservation, n int64) (bool, error) {
		ok, err := realLimitCalls.refund(ctx, l, subject, r, n)
		if ok {
			err = errors.Join(err, l.limiter.Reset(ctx, subject, tally))
		}
		return ok, err
	}
}

func TestLimitersThatGiveBackTooMuchAreNoticed(t *testing.T) {
	t.Parallel()
	rep, _ := noticedLimits(t, "forgetful", "refunded_over_charged_single", "limit_wrong_sums_single", "limit_wrong_answers_single")
	assert.False(t, broken(rep, "charged_again"), rep.broken)
}

// silent says that it has done what it has not.
func silent(c *limitCalls) {
	c.allow = func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error) {
		if l.kind.subjects == 0 {
			return ratelimit.Decision{Allowed: true, Granted: n, ServerTime: time.Now()}, nil
		}
		return realLimitCalls.allow(ctx, l, subject, n, opts...)
	}
	c.refund = func(context.Context, *openLimiter, string, *ratelimit.Reservation, int64) (bool, error) {
		return true, nil
	}
}

func TestLimitersThatDoNothingAreNoticed(t *testing.T) {
	t.Parallel()
	rep, _ := noticedLimits(t, "silent", "charged_never_single", "refunded_over_charged_single", "limit_wrong_sums_single")
	assert.False(t, over(rep), rep.broken)
}

func TestAWorkerEndsWithItsParent(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p, err := startWorker(t, workerOrder{Clients: 1, On: "single", Addrs: []string{server.Addr()}, Per: shortestWindow})
	require.NoError(t, err)
	require.NoError(t, p.ready())
	require.NoError(t, p.in.Close())
	ended := make(chan struct{})
	go func() {
		_, _ = p.cmd.Process.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}

func TestAWorkerWithoutAnOrderEnds(t *testing.T) {
	t.Parallel()
	assert.Equal(t, exitUsage, work(strings.NewReader(""), io.Discard, io.Discard))
}
