package exec_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

// A pipeline tells its commands nothing of a connection whose handshake Redis refuses.
func TestARefusedHandshakeFailsEveryCall(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.WithPassword("right"))
	for name, options := range map[string]redis.Options{
		"password": {Password: "wrong"}, "database": {Password: "right", DB: 99},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := *server.Options()
			o.Password, o.DB = options.Password, options.DB
			client := redis.NewClient(&o)
			t.Cleanup(func() { _ = client.Close() })
			both(t, client, func(t *testing.T, c *exec.Client) {
				ctx := within(t, 5*time.Second)
				set := c.Do(ctx, exec.SetUnder("", "k", []byte("v"), exec.SetOptions{}))
				require.Error(t, set.Err())
				assert.True(t, exec.NotExecuted(set.Err()), set.Err())
				require.Error(t, c.Do(ctx, exec.GetUnder("", "k")).Err())
				for _, replication := range []exec.Replication{{}, {Replicas: 1, Timeout: time.Second}} {
					var b exec.Batch
					b.Replicate(replication)
					write, read := b.Add(exec.Write("incr", "n")), b.Add(exec.GetUnder("", "k"))
					c.Send(ctx, &b)
					assert.True(t, exec.NotExecuted(write.Err()), write.Err())
					assert.Error(t, read.Err())
					short, _ := write.Short()
					assert.False(t, short)
				}
			})
		})
	}
}

// redirecting are two nodes of a Cluster, of which one sends every incr to the other,
// and that one executes it and loses its reply. It returns how often it has.
func redirecting(t *testing.T, kind string) (client *redis.ClusterClient, executed *atomic.Int64) {
	t.Helper()
	executed = new(atomic.Int64)
	var owner, other string
	bulk := func(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }
	node := func(addr, id string, from, to int) string {
		host, port, err := net.SplitHostPort(addr)
		assert.NoError(t, err)
		return fmt.Sprintf("*3\r\n:%d\r\n:%d\r\n*3\r\n%s:%s\r\n%s", from, to, bulk(host), port, bulk(id))
	}
	serve := func(incr func(net.Conn, *bufio.Reader) bool) string {
		return redistest.Serve(t, func(conn net.Conn) {
			r := bufio.NewReader(conn)
			for {
				name, err := request(r)
				switch {
				case err != nil:
					return
				case name == "cluster":
					_, _ = io.WriteString(conn, "*2\r\n"+node(owner, "a", 0, 16382)+node(other, "b", 16383, 16383))
				case name == "asking": // its reply is lost with the next
				case name == "incr":
					if !incr(conn, r) {
						return
					}
				default:
					_, _ = io.WriteString(conn, "-ERR unknown command\r\n")
				}
			}
		})
	}
	owner = serve(func(conn net.Conn, _ *bufio.Reader) bool {
		_, _ = fmt.Fprintf(conn, "-%s 12182 %s\r\n", kind, other)
		return true
	})
	other = serve(func(_ net.Conn, r *bufio.Reader) bool {
		executed.Add(1)
		time.Sleep(20 * time.Millisecond) // until the commands behind it are there
		return r.Buffered() > 0
	})
	client = redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{owner}, ContextTimeoutEnabled: true, DisableIdentity: true, Protocol: 2})
	t.Cleanup(func() { _ = client.Close() })
	return client, executed
}

// request reads a request and returns the name of its command in lower case.
func request(r *bufio.Reader) (name string, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	arguments, err := strconv.Atoi(strings.Trim(line, "*\r\n"))
	for i := 0; i < arguments && err == nil; i++ {
		if line, err = r.ReadString('\n'); err != nil {
			break
		}
		var length int
		if length, err = strconv.Atoi(strings.Trim(line, "$\r\n")); err != nil {
			break
		}
		argument := make([]byte, length+len("\r\n"))
		_, err = io.ReadFull(r, argument)
		if i == 0 {
			name = strings.ToLower(string(argument[:length]))
		}
	}
	return name, err
}

// go-redis follows a redirection with the same command, and where that has no reply it
// leaves the redirection as the command's error, which by itself proves that nothing
// was executed.
func TestARedirectedWriteWhoseReplyIsLostIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ASK", "MOVED"} {
		for _, writes := range []int{1, 2} {
			t.Run(fmt.Sprint(kind, " ", writes), func(t *testing.T) {
				t.Parallel()
				client, executed := redirecting(t, kind)
				ctx := within(t, 5*time.Second)
				c := sharing(client)
				var b exec.Batch
				replies := []*exec.Reply{new(exec.Reply)}
				if writes == 1 {
					*replies[0] = c.Do(ctx, exec.Write("incr", "k"))
				} else {
					replies = []*exec.Reply{b.Add(exec.Write("incr", "k")), b.Add(exec.Write("incr", "k"))}
					c.Send(ctx, &b)
				}
				assert.LessOrEqual(t, executed.Load(), int64(writes))
				for _, reply := range replies {
					require.Error(t, reply.Err())
					assert.False(t, exec.NotExecuted(reply.Err()), reply.Err())
				}
			})
		}
	}
}

// A hook that ends its goroutine has a batch fail, and not look as if it were done.
func TestAHookThatExitsFailsTheBatch(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	client.AddHook(around(func(func() error) error { runtime.Goexit(); return nil }))
	var b exec.Batch
	write := b.Add(exec.Write("incr", "n"))
	exec.New(client).Send(within(t, 5*time.Second), &b)
	require.Error(t, write.Err())
	assert.NotErrorIs(t, write.Err(), context.DeadlineExceeded)
}
