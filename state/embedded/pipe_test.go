package embedded

import (
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPipeCarriesBytes(t *testing.T) {
	t.Parallel()
	a, b := newPipe()
	large := make([]byte, 1<<20)
	for _, c := range []net.Conn{a, b} {
		n, err := c.Write(large)
		require.NoError(t, err)
		assert.Len(t, large, n)
	}
	got := make([]byte, len(large))
	for _, c := range []net.Conn{a, b} {
		_, err := io.ReadFull(c, got)
		require.NoError(t, err)
	}
}

func TestPipeClose(t *testing.T) {
	t.Parallel()
	a, b := newPipe()
	_, err := a.Write([]byte("rest"))
	require.NoError(t, err)
	require.NoError(t, a.Close())
	require.NoError(t, b.SetDeadline(time.Now().Add(time.Minute)))

	rest, err := io.ReadAll(b)
	require.NoError(t, err)
	assert.Equal(t, "rest", string(rest))
	_, err = b.Write([]byte("late"))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, a.SetReadDeadline(time.Time{}), net.ErrClosed)

	require.NoError(t, b.Close())
	_, err = b.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestPipeCloseWakesReaders(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"own", "other"} {
		synctest.Test(t, func(t *testing.T) {
			a, b := newPipe()
			failed := make(chan error)
			go func() {
				_, err := a.Read(make([]byte, 1))
				failed <- err
			}()
			synctest.Wait()
			if end == "own" {
				require.NoError(t, a.Close())
				assert.ErrorIs(t, <-failed, net.ErrClosed)
			} else {
				require.NoError(t, b.Close())
				assert.ErrorIs(t, <-failed, io.EOF)
			}
		})
	}
}

func TestPipeDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newPipe()
		begun := time.Now()
		require.NoError(t, a.SetReadDeadline(begun.Add(time.Second)))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(begun))
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		require.NoError(t, a.SetReadDeadline(time.Time{}))
		go func() {
			time.Sleep(time.Hour)
			_, err := b.Write([]byte("x"))
			assert.NoError(t, err)
		}()
		n, err := a.Read(make([]byte, 1))
		require.NoError(t, err)
		assert.Equal(t, 1, n)

		// A deadline set while a reader waits reaches it.
		failed := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			failed <- err
		}()
		synctest.Wait()
		require.NoError(t, a.SetDeadline(time.Now().Add(-time.Second)))
		assert.ErrorIs(t, <-failed, os.ErrDeadlineExceeded)
	})
}
