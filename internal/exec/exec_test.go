package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/embedded"
)

func clients(t *testing.T) map[string]*redis.Client {
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	return map[string]*redis.Client{"embedded": srv.Client(), "single": redistest.Start(t).Client(t)}
}

func TestAScriptIsLoadedWhereTheServerDoesNotKnowIt(t *testing.T) {
	t.Parallel()
	script := exec.NewScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`)
	for name, client := range clients(t) {
		c := exec.New(client)
		for want := int64(2); want <= 6; want += 2 {
			got, err := c.Script(t.Context(), script, "counter", 2).Int64()
			require.NoError(t, err, name)
			assert.Equal(t, want, got, name)
			if want == 4 {
				require.NoError(t, client.ScriptFlush(t.Context()).Err(), name)
			}
		}
	}
}

func TestABatchHasAReplyForEachCommand(t *testing.T) {
	t.Parallel()
	script := exec.NewScript(`return redis.call('GET', KEYS[1])`)
	for name, client := range clients(t) {
		c := exec.New(client)
		var b exec.Batch
		var written, read []*redis.Cmd
		for i := range 600 {
			key := fmt.Sprint("k", i)
			written = append(written, b.Write(t.Context(), "SET", key, i))
			read = append(read, b.Read(t.Context(), "GET", key))
		}
		scripted := b.Script(t.Context(), script, "k599")
		failed := b.Write(t.Context(), "INCR", "k0", "too", "many")
		c.Send(t.Context(), &b)
		for i := range 600 {
			require.NoError(t, written[i].Err(), name)
			text, err := read[i].Text()
			require.NoError(t, err, name)
			require.Equal(t, strconv.Itoa(i), text, name)
		}
		text, err := scripted.Text()
		require.NoError(t, err, name)
		assert.Equal(t, "599", text)
		assert.Error(t, failed.Err(), name)
	}
}

func TestNotExecutedIsProofAndNothingElse(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{redis.ErrClosed, true},
		{redis.ErrPoolTimeout, true},
		{redis.ErrPoolExhausted, true},
		{dial, true},
		{fmt.Errorf("wrapped: %w", dial), true},
		{redis.ErrNoScript, true},
		{io.EOF, false},
		{io.ErrUnexpectedEOF, false},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, false},
		{&net.OpError{Op: "write", Err: errors.New("reset")}, false},
		{context.DeadlineExceeded, false},
		{context.Canceled, false},
	} {
		assert.Equal(t, c.want, exec.NotExecuted(c.err), "%v", c.err)
	}
}
