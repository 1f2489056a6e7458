//go:build unix

package redistest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A deployment takes seconds to start, so one goes through a whole life.
func TestSentinel(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	d := StartSentinel(t, 2, 3, WithPassword("s3cret"), WithAOF())
	t.Logf("sentinels of 1+2+3 in %v", time.Since(begun))
	ctx := within(t, time.Minute)
	c := d.Client(t)
	require.Len(t, d.Servers(), 3)
	require.Len(t, d.Sentinels(), 3)
	require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
	master, err := d.Master(ctx)
	require.NoError(t, err)
	assert.Same(t, d.Servers()[0], master)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = d.AwaitMasterChange(short, master)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	writes := func(t *testing.T) {
		t.Helper()
		require.Eventually(t, func() bool {
			return c.Set(ctx, "k", "v", 0).Err() == nil
		}, 10*time.Second, 10*time.Millisecond)
		assert.Equal(t, "v", c.Get(ctx, "k").Val())
	}

	t.Run("a replica takes over on request", func(t *testing.T) {
		for range 2 {
			old, err := d.Master(ctx)
			require.NoError(t, err)
			begun := time.Now()
			require.NoError(t, d.Failover(ctx))
			t.Logf("failover in %v", time.Since(begun))
			now, err := d.Master(ctx)
			require.NoError(t, err)
			assert.NotSame(t, old, now)
			require.NoError(t, now.isMaster(ctx))
		}
		writes(t)
		begun := time.Now()
		require.NoError(t, d.Settled(ctx))
		t.Logf("settled %v later", time.Since(begun))
	})

	t.Run("a dead master is replaced and comes back as a replica", func(t *testing.T) {
		old, err := d.Master(ctx)
		require.NoError(t, err)
		begun := time.Now()
		require.NoError(t, old.TryKill())
		at, err := d.AwaitMasterChange(ctx, old)
		require.NoError(t, err)
		t.Logf("master changed %v after the kill", at.Sub(begun))
		assert.WithinRange(t, at, begun, time.Now())
		writes(t)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, d.Settled(short), context.DeadlineExceeded)

		begun = time.Now()
		require.NoError(t, old.TryRestart())
		require.NoError(t, d.Settled(ctx))
		t.Logf("settled %v after its restart", time.Since(begun))
		assert.Less(t, time.Since(begun), 12*time.Second, "it takes 18 s at the sentinels' own pace")
		now, err := d.Master(ctx)
		require.NoError(t, err)
		assert.NotSame(t, old, now)
		require.NoError(t, old.follows(ctx, now.Addr()))
		writes(t)
	})

	t.Run("a restarted replica and a restarted sentinel find their places", func(t *testing.T) {
		master, err := d.Master(ctx)
		require.NoError(t, err)
		for _, s := range d.Servers() {
			if s != master {
				s.Restart(t)
				require.NoError(t, s.says(ctx, fmt.Sprintf("master_port:%d", master.port)), "it wrote down whom it follows")
			}
		}
		d.Sentinels()[1].Restart(t)
		require.NoError(t, d.Settled(ctx))
		still, err := d.Master(ctx)
		require.NoError(t, err)
		assert.Same(t, master, still)
		writes(t)
	})
}

func TestSentinelTakesDirectives(t *testing.T) {
	t.Parallel()
	d := StartSentinel(t, 0, 1, WithConfig("maxmemory 20mb", "sentinel down-after-milliseconds main 1234"))
	ctx := within(t, 10*time.Second)
	fields, err := d.Sentinels()[0].Client(t).Do(ctx, "SENTINEL", "MASTER", masterName).Result()
	require.NoError(t, err)
	assert.Equal(t, "1234", field(fields, "down-after-milliseconds"))
	assert.Equal(t, "20971520", d.Client(t).ConfigGet(ctx, "maxmemory").Val()["maxmemory"])
	// What a sentinel said last may be that the time was up.
	assert.Eventually(t, func() bool {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		return strings.Contains(d.Failover(short).Error(), "NOGOODSLAVE")
	}, 8*time.Second, time.Millisecond)

	tb := run(func(tb *fakeTB) { StartSentinel(tb, 1, 0) })
	assert.Contains(t, tb.fatal, "0 sentinels")
}
