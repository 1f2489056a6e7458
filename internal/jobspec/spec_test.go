package jobspec_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/jobspec"
)

const day = 24 * time.Hour

func TestDefaultsKeepTheBoundsWhateverElseIsGiven(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]jobspec.Spec{
		"nothing but keep":         {Keep: jobspec.MinKeep},
		"the longest lease":        {Keep: 366 * day, Lease: jobspec.MaxLease},
		"a long delay":             {Keep: day, RetryDelay: 300 * day},
		"the shortest lease":       {Keep: day, Lease: jobspec.MinLease, Idle: jobspec.MinLease},
		"a delay without a growth": {Keep: day, RetryDelay: time.Minute, MaxRetryDelay: time.Minute},
	} {
		assert.Empty(t, s.WithDefaults().Check(), name)
	}
	assert.Equal(t, jobspec.Spec{
		Lease: 30 * time.Second, Keep: time.Hour, KeepFailed: time.Hour, KeepCancelled: time.Hour, Idle: 30 * day,
		Attempts: 3, RetryDelay: time.Second, MaxRetryDelay: 10 * time.Minute,
	}, jobspec.Spec{Keep: time.Hour}.WithDefaults())
}

func TestAFieldOutOfItsBoundsIsAnError(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]jobspec.Spec{
		"has the Lease 99ms; give 100ms to 24h0m0s":             {Lease: 99 * time.Millisecond},
		"has the Lease 24h0m0.001s; give 100ms to 24h0m0s":      {Lease: day + time.Millisecond},
		"has the Keep 9s; give 10s to 8784h0m0s":                {Keep: 9 * time.Second, KeepFailed: day, KeepCancelled: day},
		"has the KeepFailed 8808h0m0s; give 10s to 8784h0m0s":   {KeepFailed: 367 * day},
		"has the KeepCancelled 1ms; give 10s to 8784h0m0s":      {KeepCancelled: time.Millisecond},
		"has the Idle 59s; give 1m0s to 8784h0m0s":              {Lease: time.Minute, Idle: 59 * time.Second},
		"has the RetryDelay 999µs; give 1ms to 8784h0m0s":       {RetryDelay: 999 * time.Microsecond},
		"has the MaxRetryDelay 1m59s; give 2m0s to 8784h0m0s":   {RetryDelay: 2 * time.Minute, MaxRetryDelay: 119 * time.Second},
		"has the MaxRetryDelay 8808h0m0s; give 1s to 8784h0m0s": {MaxRetryDelay: 367 * day},
		"has 1001 Attempts; give 1 to 1000":                     {Attempts: 1001},
		"has -1 Attempts; give 1 to 1000":                       {Attempts: -1},
	} {
		if s.Keep == 0 {
			s.Keep = day
		}
		wrong := s.WithDefaults().Check()
		require.Len(t, wrong, 1, want)
		assert.EqualError(t, wrong[0], want)
	}
	assert.Len(t, jobspec.Spec{}.WithDefaults().Check(), 3, "a family that keeps nothing")
}
