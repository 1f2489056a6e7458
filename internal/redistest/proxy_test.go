//go:build unix

package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// through returns a client that reaches the server by way of the proxy.
func through(t *testing.T, srv *Server, p *Proxy, protocol int) *redis.Client {
	t.Helper()
	opts := srv.Options()
	opts.Addr, opts.Protocol = p.Addr(), protocol
	c := redis.NewClient(opts)
	t.Cleanup(func() { closeQuietly(c) })
	return c
}

// on returns a fault function for the commands of one name.
func on(command string, f Fault) func([]string) Fault {
	return func(request []string) Fault {
		if request[0] == command {
			return f
		}
		return Pass
	}
}

func TestProxyFaults(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	for name, tc := range map[string]struct {
		fault    Fault
		executed int
		dropped  int
		limit    time.Duration
		want     func(*testing.T, error)
	}{
		"a lost reply":            {DropReply, 1, 1, time.Second, broken},
		"a reply lost late":       {DropReply.Delayed(50 * time.Millisecond), 1, 1, time.Second, broken},
		"half a reply":            {CutReply, 1, 1, time.Second, broken},
		"a stalled reply":         {StallReply, 1, 0, 100 * time.Millisecond, timedOut},
		"a reply later than that": {Pass.Delayed(time.Second), 1, 0, 100 * time.Millisecond, timedOut},
		"a refused request":       {RefuseRequest, 0, 0, time.Second, broken},
		"a request refused late":  {RefuseRequest.Delayed(50 * time.Millisecond), 0, 0, time.Second, broken},
		"a late reply":            {Pass.Delayed(50 * time.Millisecond), 1, 0, time.Second, nil},
		"no fault":                {Pass, 1, 0, time.Second, nil},
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, RESP%d", name, protocol), func(t *testing.T) {
				t.Parallel()
				p := StartProxy(t, srv.Addr())
				c := through(t, srv, p, protocol)
				key := t.Name()
				require.NoError(t, c.Set(within(t, time.Second), "unrelated", 1, 0).Err())

				p.SetFault(on("INCR", tc.fault))
				begun := time.Now()
				err := c.Incr(within(t, tc.limit), key).Err()
				took := time.Since(begun)
				if tc.want == nil {
					require.NoError(t, err)
				} else {
					tc.want(t, err)
				}
				if tc.fault.delay > 0 && tc.fault.delay < tc.limit {
					assert.GreaterOrEqual(t, took, tc.fault.delay)
				}
				assert.Equal(t, tc.executed, p.Executed("INCR"))
				assert.Equal(t, tc.dropped, p.Dropped())

				p.SetFault(nil)
				n, err := c.Incr(within(t, time.Second), key).Result()
				require.NoError(t, err, "the next connection works")
				assert.Equal(t, int64(tc.executed+1), n)
			})
		}
	}
}

func broken(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	var said redis.Error
	require.NotErrorAs(t, err, &said)
	if timeout, ok := errors.AsType[net.Error](err); ok {
		require.False(t, timeout.Timeout(), "%v", err)
	}
}

func timedOut(t *testing.T, err error) {
	t.Helper()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "%v", err)
}

func TestProxyAsksOnceForEachRequest(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	p := StartProxy(t, srv.Addr())
	c := through(t, srv, p, 3)
	var mu sync.Mutex
	var seen [][]string
	p.SetFault(func(request []string) Fault {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, request)
		return Pass
	})
	require.NoError(t, c.Do(within(t, time.Second), "set", "k", "a b\r\n").Err())
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, []string{"SET", "k", "a b\r\n"}, seen[len(seen)-1])
	assert.Equal(t, len(seen), p.Requests())
	assert.Equal(t, 1, p.Executed("SET"))
}

func BenchmarkProxy(b *testing.B) {
	srv := Start(b)
	p := StartProxy(b, srv.Addr())
	for name, addr := range map[string]string{"direct": srv.Addr(), "proxy": p.Addr()} {
		b.Run(name, func(b *testing.B) {
			opts := srv.Options()
			opts.Addr = addr
			c := redis.NewClient(opts)
			defer closeQuietly(c)
			for b.Loop() {
				if err := c.Get(context.Background(), "k").Err(); !errors.Is(err, redis.Nil) {
					b.Fatal(err)
				}
			}
		})
	}
}
