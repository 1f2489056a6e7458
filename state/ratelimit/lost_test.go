package ratelimit_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// faulty is a deployment behind proxies, whose client would repeat what it may.
type faulty struct {
	client   redis.UniversalClient
	admins   []*redis.Client
	setFault func(func([]string) redistest.Fault)
}

func faultyDeployments() map[string]func(*testing.T) faulty {
	return map[string]func(*testing.T) faulty{
		"single": func(t *testing.T) faulty {
			srv := redistest.Start(t)
			p := redistest.StartProxy(t, srv.Addr())
			o := srv.Options()
			o.Addr, o.MaxRetries = p.Addr(), 3
			client := redis.NewClient(o)
			t.Cleanup(func() { _ = client.Close() })
			return faulty{client, []*redis.Client{srv.Client(t)}, p.SetFault}
		},
		"cluster": func(t *testing.T) faulty {
			c := redistest.StartCluster(t, 3, 0)
			ps := redistest.Proxies(t, c.Nodes())
			o := c.Options()
			o.Dialer, o.MaxRetries = ps.Dialer(), 3
			client := redis.NewClusterClient(o)
			t.Cleanup(func() { _ = client.Close() })
			f := faulty{client: client, setFault: ps.SetFault}
			for _, node := range c.Nodes() {
				f.admins = append(f.admins, node.Client(t))
			}
			return f
		},
	}
}

// executed returns how many scripts the servers have run.
func (f faulty) executed(t *testing.T) (n int64) {
	t.Helper()
	for _, admin := range f.admins {
		text, err := admin.Info(t.Context(), "commandstats").Result()
		require.NoError(t, err)
		n += callsOf(t, text, "evalsha") + callsOf(t, text, "eval")
	}
	return n
}

// store returns a store on a client that knows the scripts' servers already.
func (f faulty) store(t *testing.T, shares bool) *state.Store {
	t.Helper()
	s, err := state.New(f.client, state.Options{Prefix: prefix, EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	if shares {
		share(t, s)
	}
	return s
}

// loses has the reply to each script be lost in that way.
func loses(f redistest.Fault) func([]string) redistest.Fault {
	return func(request []string) redistest.Fault {
		if strings.HasPrefix(request[0], "EVAL") {
			return f
		}
		return redistest.Pass
	}
}

// TestACallWhoseReplyIsLostIsExecutedOnce counts what the servers have run for one call of
// each kind, alone and with calls that share round trips.
func TestACallWhoseReplyIsLostIsExecutedOnce(t *testing.T) {
	t.Parallel()
	for name, start := range faultyDeployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			for _, shares := range []bool{false, true} {
				store := f.store(t, shares)
				limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 1000, time.Hour)), ratelimit.Options{})
				require.NoError(t, err)
				used := int64(0)
				for fault, how := range map[string]redistest.Fault{
					"EOF": redistest.DropReply, "half a reply": redistest.CutReply, "stall": redistest.StallReply,
				} {
					for call, do := range map[string]func(context.Context) error{
						"Allow":     func(ctx context.Context) error { _, err := limiter.Allow(ctx, subject); return err },
						"AllowUpTo": func(ctx context.Context) error { _, err := limiter.AllowUpTo(ctx, subject, 1); return err },
						"Wait":      func(ctx context.Context) error { _, err := limiter.Wait(ctx, subject); return err },
						"AllowMany": func(ctx context.Context) error {
							_, err := limiter.AllowMany(ctx, ratelimit.Request[string]{Subject: subject})
							return err
						},
						"Reserve": func(ctx context.Context) error { _, err := limiter.Reserve(ctx, subject, 1); return err },
					} {
						f.setFault(nil)
						_, err := limiter.Peek(t.Context(), subject) // all are connected
						require.NoError(t, err)
						before := f.executed(t)
						f.setFault(loses(how))
						ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
						err = do(ctx)
						cancel()
						require.ErrorIs(t, err, state.ErrUnknownOutcome, "%s of %s", fault, call)
						require.EqualValues(t, 1, f.executed(t)-before, "%s of %s", fault, call)
						used++
					}
				}
				f.setFault(nil)
				d, err := limiter.Peek(t.Context(), subject)
				require.NoError(t, err)
				assert.Equal(t, 1000-used, d.Limits[0].Remaining, "each was charged once")
				require.NoError(t, limiter.Reset(t.Context(), subject))
			}
		})
	}
}

// A repeat with the same id, and a refund of what may have been taken, settle what is unknown.
func TestWhatIsUnknownCanBeSettled(t *testing.T) {
	t.Parallel()
	f := faultyDeployments()["single"](t)
	limiter, err := ratelimit.New(f.store(t, false), family(ratelimit.Window("w", 10, time.Hour)), ratelimit.Options{})
	require.NoError(t, err)
	remaining := func() int64 {
		d, err := limiter.Peek(t.Context(), subject)
		require.NoError(t, err)
		return d.Limits[0].Remaining
	}
	require.EqualValues(t, 10, remaining())

	f.setFault(loses(redistest.DropReply))
	_, err = limiter.AllowN(t.Context(), subject, 3, ratelimit.OpID("op"))
	require.ErrorIs(t, err, state.ErrUnknownOutcome)
	f.setFault(nil)
	d, err := limiter.AllowN(t.Context(), subject, 3, ratelimit.OpID("op"))
	require.NoError(t, err)
	assert.EqualValues(t, 3, d.Granted)
	assert.Equal(t, ratelimit.FromReceipt, d.Source)
	assert.EqualValues(t, 7, remaining())

	f.setFault(loses(redistest.DropReply))
	r, err := limiter.Reserve(t.Context(), subject, 5)
	require.ErrorIs(t, err, state.ErrUnknownOutcome)
	require.NotNil(t, r)
	// Only the first reply is lost: the refund is repeated by itself.
	var lost atomic.Bool
	f.setFault(func(request []string) redistest.Fault {
		if strings.HasPrefix(request[0], "EVAL") && !lost.Swap(true) {
			return redistest.DropReply
		}
		return redistest.Pass
	})
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.True(t, lost.Load())
	assert.True(t, back)
	assert.EqualValues(t, 7, remaining())
	back, err = r.Refund(t.Context())
	require.NoError(t, err)
	assert.True(t, back)
	assert.EqualValues(t, 7, remaining())

	f.setFault(loses(redistest.RefuseRequest))
	r, err = limiter.Reserve(t.Context(), subject, 5)
	require.Error(t, err)
	f.setFault(nil)
	if r != nil {
		back, err = r.Refund(t.Context())
		require.NoError(t, err)
		assert.False(t, back, "it was not taken")
	}
	assert.EqualValues(t, 7, remaining())
}

// undecided fails unless err is that of a call whose reply was lost, or which did not get a
// connection in its time.
func undecided(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, state.ErrUnknownOutcome) {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}

func TestAPolicyDecidesWhereRedisDoesNot(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	f := faulty{client: client, setFault: p.SetFault}
	store := f.store(t, false)
	for _, c := range []struct {
		policy  ratelimit.FailurePolicy
		allowed bool
	}{{ratelimit.ReturnError, false}, {ratelimit.FailOpen, true}, {ratelimit.FailClosed, false}} {
		limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 1000, time.Hour)),
			ratelimit.Options{OnFailure: c.policy, Timeout: 100 * time.Millisecond})
		require.NoError(t, err)
		check := func(d ratelimit.Decision, err error, n int64) {
			t.Helper()
			if c.policy == ratelimit.ReturnError {
				assert.Equal(t, ratelimit.Decision{Err: d.Err}, d)
				undecided(t, err)
				return
			}
			require.NoError(t, err)
			undecided(t, d.Err)
			assert.Equal(t, ratelimit.FromPolicy, d.Source)
			assert.Equal(t, c.allowed, d.Allowed)
			assert.Equal(t, c.allowed, d.Granted == n)
			assert.Equal(t, c.allowed, d.RetryAfter == 0, "a denial says when to come again")
			assert.Nil(t, d.Limits)
			assert.Empty(t, d.DecidedBy)
			assert.Zero(t, d.ServerTime)
		}
		for _, fault := range []redistest.Fault{redistest.DropReply, redistest.StallReply} {
			p.SetFault(loses(fault))
			d, err := limiter.AllowN(t.Context(), subject, 3)
			check(d, err, 3)
			d, err = limiter.AllowUpTo(t.Context(), subject, 4)
			check(d, err, 4)
			ds, err := limiter.AllowMany(t.Context(), ratelimit.Request[string]{Subject: subject}, ratelimit.Request[string]{Subject: "other", N: 2})
			require.Len(t, ds, 2)
			check(ds[0], err, 1)
			check(ds[1], err, 2)
			undecided(t, ds[1].Err)
		}
		p.SetFault(nil)
		p.Refuse(true)
		d, err := limiter.Allow(t.Context(), subject)
		if c.policy == ratelimit.ReturnError {
			require.Error(t, err)
			require.NotErrorIs(t, err, state.ErrUnknownOutcome, "it was not sent")
		} else {
			require.NoError(t, err)
			require.Error(t, d.Err)
			assert.Equal(t, c.allowed, d.Allowed)
		}
		p.Refuse(false)

		// What the caller does wrong, or does not want any more, is an error under each.
		_, err = limiter.AllowN(t.Context(), subject, 0)
		require.ErrorIs(t, err, ratelimit.ErrTokens)
		_, err = limiter.Allow(t.Context(), "")
		require.ErrorIs(t, err, state.ErrInvalidKey)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = limiter.Allow(ended, subject)
		require.ErrorIs(t, err, context.Canceled)
		_, err = limiter.AllowMany(ended, ratelimit.Request[string]{Subject: subject})
		require.ErrorIs(t, err, context.Canceled)
		p.SetFault(loses(redistest.StallReply))
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err = limiter.Allow(short, subject)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		p.SetFault(nil)
		d, err = limiter.Allow(t.Context(), subject)
		require.NoError(t, err)
		assert.Equal(t, ratelimit.FromServer, d.Source)
	}
}

// TestACallEndsInItsTime pauses the server, so that connections are there and say nothing.
func TestACallEndsInItsTime(t *testing.T) {
	t.Parallel()
	const timeout, most = 100 * time.Millisecond, 50 * time.Millisecond
	srv := redistest.Start(t)
	store, err := state.New(srv.Client(t), state.Options{EnableSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 10, time.Hour)),
		ratelimit.Options{OnFailure: ratelimit.FailOpen, Timeout: timeout})
	require.NoError(t, err)
	_, err = limiter.Allow(t.Context(), subject)
	require.NoError(t, err)
	srv.Pause(t)
	defer srv.Resume(t)
	for name, call := range map[string]func() (ratelimit.Decision, error){
		"Allow": func() (ratelimit.Decision, error) { return limiter.Allow(t.Context(), subject) },
		"Peek":  func() (ratelimit.Decision, error) { return limiter.Peek(t.Context(), subject) },
		"Wait":  func() (ratelimit.Decision, error) { return limiter.Wait(t.Context(), subject) },
		"AllowMany": func() (ratelimit.Decision, error) {
			ds, err := limiter.AllowMany(t.Context(), ratelimit.Request[string]{Subject: subject}, ratelimit.Request[string]{Subject: "2"})
			return ds[1], err
		},
		"Reserve": func() (ratelimit.Decision, error) {
			r, err := limiter.Reserve(t.Context(), subject, 1)
			return r.Decision, err
		},
	} {
		start := time.Now()
		d, err := call()
		took := time.Since(start)
		require.NoError(t, err, name)
		assert.True(t, d.Allowed, name)
		assert.Equal(t, ratelimit.FromPolicy, d.Source, name)
		assert.ErrorIs(t, d.Err, context.DeadlineExceeded, name)
		assert.LessOrEqual(t, took, timeout+most, name)
	}
}
