package ratelimit_test

import (
	"context"
	"strconv"
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

// callsOf returns how often a command was executed, by the text of INFO commandstats.
func callsOf(t *testing.T, text, command string) int64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_"+command+":calls="); ok {
			digits, _, _ := strings.Cut(rest, ",")
			n, err := strconv.ParseInt(digits, 10, 64)
			require.NoError(t, err)
			return n
		}
	}
	return 0
}

// trips counts the round trips of a client, and the commands in them.
type trips struct{ trips, commands atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() != "hello" { // a new connection
			c.trips.Add(1)
			c.commands.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.trips.Add(1)
		c.commands.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

func TestManyCallsTakeOneRoundTrip(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 5, time.Hour)), ratelimit.Options{})
	require.NoError(t, err)
	_, err = limiter.Allow(t.Context(), "0") // the server knows the script
	require.NoError(t, err)
	var count trips
	client.AddHook(&count)
	requests := make([]ratelimit.Request[string], 100)
	for i := range requests {
		requests[i].Subject = strconv.Itoa(i % 10)
	}
	ds, err := limiter.AllowMany(t.Context(), requests...)
	require.NoError(t, err)
	assert.Len(t, ds, 100)
	assert.EqualValues(t, 1, count.trips.Load())
	assert.EqualValues(t, 100, count.commands.Load())

	ds, err = limiter.AllowMany(t.Context())
	require.NoError(t, err)
	assert.Empty(t, ds)
	assert.EqualValues(t, 1, count.trips.Load())
}

// Requests of one subject are decided in their order, whatever lies between them.
func TestManyCallsOfOneSubjectAreDecidedInTheirOrder(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Hour))
	type request = ratelimit.Request[string]
	ds, err := limiter.AllowMany(t.Context(),
		request{Subject: "a", N: 6}, request{Subject: "b", N: 3}, request{Subject: "a", N: 5},
		request{Subject: "a", N: 4, OpID: "op"}, request{Subject: "b"}, request{Subject: "a", N: 4, OpID: "op"}, request{Subject: "a"})
	require.NoError(t, err)
	var granted []int64
	for _, d := range ds {
		require.NoError(t, d.Err)
		granted = append(granted, d.Granted)
	}
	assert.Equal(t, []int64{6, 3, 0, 4, 1, 4, 0}, granted)
	assert.Equal(t, ratelimit.FromReceipt, ds[5].Source)
}

// What is wrong with one request is its own error, and the others are decided.
func TestOneOfManyCallsCanFailAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Hour))
	require.NoError(t, l.srv.Client().Set(t.Context(), prefix+"calls:text", "v", 0).Err())
	l.allow(limiter, 2, ratelimit.OpID("used"))
	type request = ratelimit.Request[string]
	ds, err := limiter.AllowMany(t.Context(),
		request{Subject: "a"},
		request{Subject: "a", N: -1},
		request{Subject: ""},
		request{Subject: "text"},
		request{Subject: subject, N: 3, OpID: "used"},
		request{Subject: "a", OpID: strings.Repeat("i", 257)},
		request{Subject: "a", N: 2})
	require.ErrorContains(t, err, "5 of 7")
	require.ErrorIs(t, err, ratelimit.ErrTokens, "the first failure")
	want := []error{nil, ratelimit.ErrTokens, state.ErrInvalidKey, state.ErrWrongType, ratelimit.ErrOpIDReused, state.ErrInvalidKey, nil}
	require.Len(t, ds, len(want))
	for i, d := range ds {
		if want[i] == nil {
			require.NoError(t, d.Err, i)
			assert.True(t, d.Allowed, i)
			continue
		}
		require.ErrorIs(t, d.Err, want[i], i)
		assert.False(t, d.Allowed, i)
		assert.Zero(t, d.Granted, i)
	}
	assert.EqualValues(t, 7, ds[6].Limits[0].Remaining)
}
