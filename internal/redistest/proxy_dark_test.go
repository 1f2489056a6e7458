//go:build unix

package redistest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProxyBlackhole(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	for name, start := range map[string]func(TB, string) *Proxy{"framed": StartProxy, "raw": StartRawProxy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, srv.Addr())
			old, fromOld := dialRaw(t, p.Addr())
			_, err := old.Write(command("ECHO 1"))
			require.NoError(t, err)
			_, err = io.ReadFull(fromOld, make([]byte, 7))
			require.NoError(t, err)
			_, err = old.Write(command("BLPOP " + t.Name() + " 0"))
			require.NoError(t, err)
			rdb := srv.Client(t)
			require.Eventually(t, func() bool {
				return strings.Contains(rdb.Info(within(t, time.Second), "clients").Val(), "blocked_clients:") &&
					strings.Contains(rdb.ClientList(within(t, time.Second)).Val(), "cmd=blpop")
			}, 5*time.Second, glance)

			p.Blackhole(true)
			require.NoError(t, rdb.RPush(within(t, time.Second), t.Name(), "x").Err())
			_, err = old.Write(command("INCR " + t.Name() + "n"))
			require.NoError(t, err)
			young, fromYoung := dialRaw(t, p.Addr())
			_, err = young.Write(command("INCR " + t.Name() + "n"))
			require.NoError(t, err)
			for _, conn := range []*net.TCPConn{old, young} {
				require.NoError(t, conn.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
			}
			_, err = fromOld.ReadByte()
			timedOut(t, err)
			_, err = fromYoung.ReadByte()
			timedOut(t, err)

			p.Blackhole(false)
			for conn, r := range map[*net.TCPConn]*bufio.Reader{old: fromOld, young: fromYoung} {
				require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
				_, err = r.ReadByte()
				broken(t, err)
			}
			require.NoError(t, through(t, srv, p, 3).Ping(within(t, time.Second)).Err())
			assert.Zero(t, rdb.Exists(within(t, time.Second), t.Name()+"n").Val(), "lost for good")
		})
	}
}

// A write that waits for a peer which does not read must not hold up the rest.
func TestProxyBlackholeOfAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	conn, _ := dialRaw(t, p.Addr())
	require.NoError(t, srv.Client(t).Set(within(t, 5*time.Second), "big", strings.Repeat("x", 16<<20), 0).Err())
	_, err := conn.Write(command("GET big"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.Executed("GET") == 1 }, 5*time.Second, glance)
	time.Sleep(20 * time.Millisecond)
	begun := time.Now()
	p.Blackhole(true)
	p.Close()
	assert.Less(t, time.Since(begun), 2*time.Second)
}

func TestProxyRefuse(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	c := through(t, srv, p, 3)
	ctx := within(t, 10*time.Second)
	require.NoError(t, c.Ping(ctx).Err())
	p.Refuse(true)
	broken(t, c.Ping(ctx).Err())
	p.Refuse(false)
	assert.Eventually(t, func() bool { return c.Ping(ctx).Err() == nil }, 5*time.Second, glance)
}

func TestProxyEndsWithItsServerAndItself(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	_, r := dialRaw(t, p.Addr())
	srv.Kill(t)
	_, err := r.ReadByte()
	broken(t, err)
	_, r = dialRaw(t, p.Addr())
	_, err = r.ReadByte()
	broken(t, err)

	srv.Restart(t)
	p.SetFault(on("PING", StallReply))
	conn, r := dialRaw(t, p.Addr())
	_, err = conn.Write(command("PING"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.Executed("PING") == 1 }, 5*time.Second, glance)
	begun := time.Now()
	p.Close()
	p.Close()
	assert.Less(t, time.Since(begun), 2*time.Second)
	_, err = r.ReadByte()
	broken(t, err)
	_, err = net.Dial("tcp", p.Addr())
	require.Error(t, err)
}

func TestProxyReportsWhatIsNotRESP(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	tb := run(func(tb *fakeTB) {
		p := StartProxy(tb, srv.Addr())
		conn, r := dialRaw(t, p.Addr())
		_, err := conn.Write([]byte("GET / HTTP/1.1\r\n"))
		if assert.NoError(t, err) {
			_, err = r.ReadByte()
			broken(t, err)
		}
	})
	assert.Contains(t, tb.errored, "unknown type")
}
