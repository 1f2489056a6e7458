package embedded

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// That the port cannot be dialed would prove less: it may have a new owner.
func TestCloseEndsListeners(t *testing.T) {
	t.Parallel()
	srv, err := Start()
	require.NoError(t, err)
	for range 2 {
		_, err = srv.Listen("127.0.0.1:0")
		require.NoError(t, err)
	}
	require.Len(t, srv.listeners, 2)
	require.NoError(t, srv.Close())
	for _, l := range srv.listeners {
		// Without it an open one would wait for ever; on a closed one it fails.
		_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Second))
		_, err = l.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
	}
}
