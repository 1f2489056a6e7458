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
			got, err := c.Do(t.Context(), script.Write([]string{"counter"}, int64(2))).Int()
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
		var written, read []*exec.Reply
		for i := range 600 {
			key := fmt.Sprint("k", i)
			written = append(written, b.Add(exec.Write("SET", key, strconv.Itoa(i))))
			read = append(read, b.Add(exec.Get(key)))
		}
		scripted := b.Add(script.Read([]string{"k599"}))
		failed := b.Add(exec.Write("INCR", "k0", "too", "many"))
		c.Send(t.Context(), &b)
		for i := range 600 {
			require.NoError(t, written[i].Err(), name)
			data, err := read[i].Bytes()
			require.NoError(t, err, name)
			require.Equal(t, strconv.Itoa(i), string(data), name)
		}
		data, err := scripted.Bytes()
		require.NoError(t, err, name)
		assert.Equal(t, "599", string(data))
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
