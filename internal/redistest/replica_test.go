//go:build unix

package redistest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplicateThroughAPartition(t *testing.T) {
	t.Parallel()
	master := Start(t, WithPassword("s3cret"))
	link := StartRawProxy(t, master.Addr())
	begun := time.Now()
	replica := Replicate(t, master, link.Addr(), WithPassword("s3cret"), WithAOF())
	t.Logf("replica in %v", time.Since(begun))
	ctx := within(t, 20*time.Second)
	m, r := master.Client(t), replica.Client(t)

	conn := m.Conn()
	t.Cleanup(func() { closeQuietly(conn) })
	require.NoError(t, conn.Set(ctx, "k", "replicated", 0).Err())
	require.Equal(t, int64(1), conn.Wait(ctx, 1, 2*time.Second).Val())
	require.Equal(t, "replicated", r.Get(ctx, "k").Val())
	require.ErrorContains(t, r.Set(ctx, "k", "x", 0).Err(), "READONLY")

	link.Blackhole(true)
	require.NoError(t, conn.Set(ctx, "k", "lost", 0).Err())
	require.Zero(t, conn.Wait(ctx, 1, 50*time.Millisecond).Val())
	require.NoError(t, Promote(ctx, replica))
	assert.Equal(t, "replicated", r.Get(ctx, "k").Val(), "it was cut off")
	assert.Equal(t, "lost", m.Get(ctx, "k").Val())
	require.NoError(t, r.Set(ctx, "k", "anew", 0).Err())

	link.Blackhole(false)
	replica.Restart(t)
	require.NoError(t, replica.isMaster(ctx), "it stays a master")
	assert.Equal(t, "anew", r.Get(ctx, "k").Val())
	require.NoError(t, Promote(ctx, replica), "a master is one already")
}

func TestReplicateComesBackAfterAPartition(t *testing.T) {
	t.Parallel()
	master := Start(t)
	link := StartRawProxy(t, master.Addr())
	replica := Replicate(t, master, link.Addr())
	direct := Replicate(t, master, "")
	ctx := within(t, 20*time.Second)
	link.Blackhole(true)
	require.NoError(t, master.Client(t).Set(ctx, "k", "v", 0).Err())
	time.Sleep(50 * time.Millisecond)
	require.Zero(t, replica.Client(t).Exists(ctx, "k").Val())
	link.Blackhole(false)
	for _, s := range []*Server{replica, direct} {
		c := s.Client(t)
		require.Eventually(t, func() bool { return c.Get(ctx, "k").Val() == "v" }, 10*time.Second, glance)
	}
	replica.Restart(t)
	require.NoError(t, until(ctx, func() error { return replica.follows(ctx, link.Addr()) }))
}

func TestRestartOfAMasterWhoseReplicaHangs(t *testing.T) {
	t.Parallel()
	master := Start(t)
	replica := Replicate(t, master, "")
	replica.Pause(t)
	require.NoError(t, master.Client(t).Set(within(t, time.Second), "k", "v", 0).Err())
	require.NoError(t, master.TryRestart())
}

func TestReplicateRefusesNonsense(t *testing.T) {
	t.Parallel()
	master := Start(t)
	assert.Contains(t, run(func(tb *fakeTB) { Replicate(tb, master, "nowhere") }).fatal, "missing port")
	assert.Contains(t, run(func(tb *fakeTB) { Replicate(tb, master, "", WithTLS()) }).fatal, "single server")
	master.Kill(t)
	assert.Contains(t, run(func(tb *fakeTB) { Replicate(tb, master, "") }).fatal, "deadline exceeded")
	require.ErrorIs(t, Promote(t.Context(), master), errDown)
}
