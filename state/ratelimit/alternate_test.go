package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// Whoever alternates between a bucket and a smaller one of its name gets no more out of the
// larger than it holds, and is served by the smaller as that allows.
func TestASmallerBucketIsNoWayAroundALargerOne(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	bucket := ratelimit.Bucket("b", 100, time.Hour)
	large := l.limiter(bucket)
	small := l.with(large, bucket.WithBurst(1))
	require.EqualValues(t, 100, l.allow(large, 100).Granted)
	for i := range 20 {
		require.False(t, l.allow(small, 1).Allowed, "it is used up, %d", i)
		l.pass((36 * time.Second).Microseconds())
		require.True(t, l.allow(small, 1).Allowed, "a token has refilled, %d", i)
		require.False(t, l.allow(large, 1).Allowed, "and was taken, %d", i)
	}
	l.pass(time.Hour.Microseconds())
	assert.EqualValues(t, 100, l.peek(large).Limits[0].Remaining)
}
