//go:build unix

package redistest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dialRaw returns a connection whose every byte the test decides.
func dialRaw(t *testing.T, addr string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

// command encodes requests.
func command(requests ...string) []byte {
	var b strings.Builder
	for _, r := range requests {
		args := strings.Fields(r)
		_, _ = fmt.Fprintf(&b, "*%d\r\n", len(args))
		for _, a := range args {
			_, _ = fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
		}
	}
	return []byte(b.String())
}

func TestProxyPairsRepliesInAPipeline(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	third := func(command string, f Fault) func([]string) Fault {
		return func(r []string) Fault {
			if r[0] == command && r[1] == "3" {
				return f
			}
			return Pass
		}
	}
	for name, tc := range map[string]struct {
		fault Fault
		want  string
	}{
		"dropped": {DropReply, ""},
		"cut":     {CutReply, "$1\r"},
		"refused": {RefuseRequest, ""},
		"delayed": {Pass.Delayed(20 * time.Millisecond), "$1\r\n3\r\n$1\r\n4\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := StartProxy(t, srv.Addr())
			p.SetFault(third("ECHO", tc.fault))
			for range 20 {
				conn, r := dialRaw(t, p.Addr())
				_, err := conn.Write(command("ECHO 1", "ECHO 2", "ECHO 3", "ECHO 4"))
				require.NoError(t, err)
				want := "$1\r\n1\r\n$1\r\n2\r\n" + tc.want
				got := make([]byte, len(want))
				_, err = io.ReadFull(r, got)
				require.NoError(t, err, "replies before the fault arrive")
				require.Equal(t, want, string(got))
				if tc.fault.kind != pass {
					_, err = r.ReadByte()
					broken(t, err)
				}
			}
		})
	}
}

func TestProxyHoldsAnEarlierReplyWhenItRefuses(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	p.SetFault(func(r []string) Fault {
		if r[0] == "PING" {
			return RefuseRequest
		}
		return Pass.Delayed(50 * time.Millisecond)
	})
	conn, r := dialRaw(t, p.Addr())
	_, err := conn.Write(command("ECHO 1"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.Executed("ECHO") == 1 }, 5*time.Second, time.Millisecond)
	_, err = conn.Write(command("PING"))
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	if err != nil {
		broken(t, err)
	}
	assert.Equal(t, "$1\r\n1\r\n", string(got))
}

func TestProxyPairsUnderLoad(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	c := through(t, srv, p, 3)
	ctx := within(t, 20*time.Second)
	big := strings.Repeat("x", 300_000)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for round := range 10 {
				pipe := c.Pipeline()
				var echoes []*redis.StringCmd
				for i := range 50 {
					echoes = append(echoes, pipe.Echo(ctx, fmt.Sprint(g, round, i)))
				}
				large := pipe.Echo(ctx, big)
				pipe.HGetAll(ctx, "absent")
				pipe.Get(ctx, "absent")
				_, err := pipe.Exec(ctx)
				assert.ErrorIs(t, err, redis.Nil)
				for i, e := range echoes {
					assert.Equal(t, fmt.Sprint(g, round, i), e.Val())
				}
				assert.Len(t, large.Val(), len(big))
			}
		})
	}
	all.Wait()
	assert.Equal(t, 4*10*51, p.Executed("ECHO"))
}

func TestProxyPassesMessages(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			t.Parallel()
			p := StartProxy(t, srv.Addr())
			p.SetFault(on("PING", DropReply))
			c := through(t, srv, p, protocol)
			ctx := within(t, 5*time.Second)
			channel := t.Name()
			sub := c.Subscribe(ctx, channel, channel+"2")
			t.Cleanup(func() { _ = sub.Close() })
			for range 2 {
				_, err := sub.Receive(ctx)
				require.NoError(t, err)
			}
			for i := range 3 {
				require.NoError(t, c.Publish(ctx, channel, i).Err())
				m, err := sub.ReceiveMessage(ctx)
				require.NoError(t, err)
				assert.Equal(t, strconv.Itoa(i), m.Payload)
			}
			assert.Equal(t, 1, p.Executed("SUBSCRIBE"))
			require.Zero(t, p.Dropped())
			// The subscriber's own PING is still paired with its reply.
			require.NoError(t, sub.Ping(ctx))
			require.Eventually(t, func() bool { return p.Dropped() == 1 }, 5*time.Second, glance)
		})
	}
}

// Each channel is confirmed by a message of its own, and none is the answer to
// the PING.
func TestProxyPairsBehindASubscription(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	p.SetFault(on("PING", DropReply))
	for hello, want := range map[string]string{
		"HELLO 2": "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n",
		"HELLO 3": ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n",
	} {
		conn, r := dialRaw(t, p.Addr())
		_, err := conn.Write(command(hello, "SUBSCRIBE a b", "PING"))
		require.NoError(t, err)
		_, err = readFrame(r, nil)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		if err != nil {
			broken(t, err)
		}
		assert.Equal(t, want, string(got), hello)
	}
	assert.Equal(t, 2, p.Dropped())
}

func TestProxyLetsGoOfAStalledClientThatLeaves(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	p.SetFault(on("PING", StallReply))
	conn, _ := dialRaw(t, p.Addr())
	_, err := conn.Write(command("PING"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.Executed("PING") == 1 }, 5*time.Second, glance)
	require.NoError(t, conn.Close())
	assert.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.links) == 0
	}, 3*time.Second, glance)
}

func TestProxySendsWhatAClientLeftBehind(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	conn, _ := dialRaw(t, p.Addr())
	_, err := conn.Write(command("INCR left", "INCR left"))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	assert.Eventually(t, func() bool {
		return srv.Client(t).Get(within(t, time.Second), "left").Val() == "2"
	}, 5*time.Second, glance)
}
