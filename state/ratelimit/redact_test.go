package ratelimit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// TestNothingThatIsPrintedNamesTheSubjectOrTheCall prints all that calls take and return in
// each usual way.
func TestNothingThatIsPrintedNamesTheSubjectOrTheCall(t *testing.T) {
	t.Parallel()
	const who, id = "canary-subject", "canary-id"
	l := newLab(t, 1)
	printed := map[string]any{}
	add := func(name string, err error, values ...any) {
		t.Helper()
		require.Error(t, err, name)
		printed[name] = err
		for i, v := range values {
			printed[fmt.Sprint(name, " value ", i)] = v
		}
	}
	limiter := l.limiter(ratelimit.Window("w", 5, time.Hour))
	ctx := t.Context()
	op := ratelimit.OpID(id)
	printed["OpID"] = op
	printed["ReceiptTTL"] = ratelimit.ReceiptTTL(time.Second)
	d, err := limiter.AllowN(ctx, who, 2, op)
	require.NoError(t, err)
	printed["Decision"] = d
	r, err := limiter.Reserve(ctx, who, 1, ratelimit.OpID(id+"2"))
	require.NoError(t, err)
	printed["Reservation"], printed["*Reservation"] = *r, r
	printed["Limiter"], printed["*Limiter"] = *limiter, limiter

	d, err = limiter.AllowN(ctx, who, 3, op)
	add("reused", err, d)
	_, err = r.Refund(ctx)
	require.NoError(t, err)
	r2, err := limiter.Reserve(ctx, who, 1, ratelimit.OpID(id+"2"))
	add("refunded", err, r2)
	d, err = limiter.AllowN(ctx, who, 0, op)
	add("no tokens", err, d)
	_, err = r.RefundN(ctx, 5)
	add("too many back", err)
	d, err = limiter.WaitN(ctx, who, 6, op)
	add("never", err, d)
	add("unknown limit", limiter.Reset(ctx, who, "x"))
	long := fmt.Sprintf("%s%0600d", who, 0)
	d, err = limiter.Allow(ctx, long)
	add("too long a key", err, d)
	ds, err := limiter.AllowMany(ctx, ratelimit.Request[string]{Subject: who, N: -1, OpID: id}, ratelimit.Request[string]{Subject: long})
	add("many", err, ds)
	require.NoError(t, l.srv.Client().Set(ctx, prefix+"calls:"+who+"3", id, 0).Err())
	d, err = limiter.Allow(ctx, who+"3", op)
	add("another type", err, d)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	d, err = limiter.Allow(ended, who, op)
	add("ended", err, d)

	open, err := ratelimit.New(l.store, family(ratelimit.Window("w", 5, time.Hour)), ratelimit.Options{OnFailure: ratelimit.FailOpen})
	require.NoError(t, err)
	readOnly, err := state.New(l.srv.Client(), state.Options{Prefix: prefix})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, readOnly.Close()) })
	looker, err := ratelimit.New(readOnly, family(ratelimit.Window("w", 5, time.Hour)), ratelimit.Options{})
	require.NoError(t, err)
	d, err = looker.Allow(ctx, who, op)
	add("not enabled", err, d)
	names, err := l.srv.Client().Keys(ctx, "*").Result()
	require.NoError(t, err)
	for _, name := range names {
		require.NoError(t, l.srv.Client().Set(ctx, name, "no hash", 0).Err())
	}
	d, err = limiter.Allow(ctx, who, op)
	add("wrong type", err, d)
	d, err = open.Allow(ctx, who, op)
	require.NoError(t, err)
	printed["fail open"], printed["why"] = d, d.Err
	r, err = open.Reserve(ctx, who, 1, op)
	require.NoError(t, err)
	printed["fail open reservation"] = r

	for name, v := range printed {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		texts := []string{fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%s", v), log.String()}
		if err, ok := v.(error); ok {
			texts = append(texts, err.Error(), errors.Join(err, err).Error())
		}
		for _, text := range texts {
			assert.NotContains(t, text, who, name)
			assert.NotContains(t, text, id, name)
		}
	}
}
