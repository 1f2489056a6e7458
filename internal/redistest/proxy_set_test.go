//go:build unix

package redistest

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProxiesOfACluster(t *testing.T) {
	t.Parallel()
	c := StartCluster(t, 2, 0)
	ps := Proxies(t, c.Nodes())
	opts := c.Options()
	opts.Dialer = ps.Dialer()
	opts.MaxRedirects = -1
	rdb := redis.NewClusterClient(opts)
	t.Cleanup(func() { closeQuietly(rdb) })
	ctx := within(t, 10*time.Second)

	owner, err := c.Owner("k")
	require.NoError(t, err)
	require.NoError(t, rdb.Set(ctx, "k", 1, 0).Err())
	assert.Equal(t, 1, ps.Of(owner).Executed("SET"))
	ps.SetFault(on("INCR", DropReply))
	require.Error(t, rdb.Incr(ctx, "k").Err())
	ps.SetFault(nil)
	assert.Equal(t, 1, ps.Executed("INCR"))
	assert.Equal(t, 1, ps.Dropped())
	assert.Positive(t, ps.Requests())
	assert.Equal(t, "2", rdb.Get(ctx, "k").Val())
	assert.Nil(t, ps.Of(&Server{}))

	direct, err := ps.Dialer()(ctx, "tcp", Start(t).Addr())
	require.NoError(t, err)
	require.NoError(t, direct.Close())
}
