//go:build unix

package redistest

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	srv := Start(t, WithTLS(), WithAOF(), WithPassword("s3cret"))
	t.Logf("TLS server in %v", time.Since(begun))
	ctx := within(t, 20*time.Second)
	require.NoError(t, srv.Client(t).Set(ctx, "k", "v", 0).Err())
	srv.Restart(t)
	assert.Equal(t, "v", srv.Client(t).Get(ctx, "k").Val())

	ping := func(change func(*redis.Options)) error {
		opts := srv.Options()
		change(opts)
		c := redis.NewClient(opts)
		defer closeQuietly(c)
		return c.Ping(ctx).Err()
	}
	require.NoError(t, ping(func(*redis.Options) {}))
	require.NoError(t, ping(func(o *redis.Options) { o.TLSConfig.ServerName = "localhost" }))
	require.ErrorContains(t, ping(func(o *redis.Options) { o.TLSConfig.Certificates = nil }), "certificate required")
	require.ErrorContains(t, ping(func(o *redis.Options) { o.TLSConfig.RootCAs = nil }), "x509")
	require.ErrorContains(t, ping(func(o *redis.Options) { o.TLSConfig.ServerName = "example.com" }), "x509")
	require.Error(t, ping(func(o *redis.Options) { o.TLSConfig = nil }), "it does not speak plainly")
	assert.Equal(t, uint16(tls.VersionTLS12), srv.Options().TLSConfig.MinVersion)

	byURL, err := redis.ParseURL(srv.URL())
	require.NoError(t, err)
	require.NotNil(t, byURL.TLSConfig)
	require.NoError(t, ping(func(o *redis.Options) {
		byURL.TLSConfig.RootCAs, byURL.TLSConfig.Certificates = o.TLSConfig.RootCAs, o.TLSConfig.Certificates
		*o = *byURL
	}))

	for _, name := range []string{"ca.crt", "server.crt", "server.key", "client.crt", "client.key"} {
		info, err := os.Stat(filepath.Join(srv.dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode(), name)
	}

	p := StartRawProxy(t, srv.Addr())
	require.NoError(t, ping(func(o *redis.Options) { o.Addr = p.Addr() }))
}
