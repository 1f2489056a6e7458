package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/embedded"
)

// probe shows one limit: what run answers on either server begins with these.
type probe struct {
	run      func(context.Context, *redis.Client) string
	embedded string
	redis    string
}

const (
	unknown = "error: ERR unknown command"
	unknSub = "error: ERR unknown subcommand"
)

var probes = map[string]probe{
	"persistence":           {last(cmd("LASTSAVE")), unknown, "1"},
	"memory limit":          {last(cmd("CONFIG", "SET", "maxmemory", "1"), cmd("SET", "k", "v")), "OK", "error: OOM"},
	"users and permissions": {last(cmd("ACL", "WHOAMI")), unknown, "default"},
	// A single real server has no slots to tell.
	"Cluster":             {last(cmd("CLUSTER", "KEYSLOT", "k")), "163", "error: ERR This instance has cluster support disabled"},
	"replication":         {last(cmd("ROLE")), unknown, "[master 0 []]"},
	"sharded pub/sub":     {last(cmd("SPUBLISH", "c", "m")), unknown, "0"},
	"CONFIG":              {last(cmd("CONFIG", "GET", "maxmemory")), unknown, "map[maxmemory:0]"},
	"INFO sections":       {last(cmd("INFO", "memory")), "error: section (memory) is not supported", "# Memory"},
	"CLIENT subcommands":  {last(cmd("CLIENT", "NO-EVICT", "OFF")), unknSub, "OK"},
	"OBJECT subcommands":  {last(cmd("SET", "k", "1"), cmd("OBJECT", "ENCODING", "k")), unknSub, "int"},
	"operator's commands": {last(cmd("SLOWLOG", "LEN")), unknown, "0"},
	"functions":           {last(cmd("FUNCTION", "LIST")), unknown, "[]"},
	"newer commands":      {last(cmd("HSET", "h", "f", "v"), cmd("HEXPIRE", "h", "9", "FIELDS", "1", "f")), "[1]", unknown},
	"rounded TTLs":        {last(cmd("SET", "k", "v", "EX", "100"), cmd("TTL", "k")), "99", "100"},
	"centuries of TTL":    {last(cmd("SET", "k", "v"), cmd("PEXPIRE", "k", "9223372036855"), cmd("EXISTS", "k")), "0", "1"},
	"expiry in the past": {last(cmd("SET", "k", "v", "PXAT", "1000"), cmd("SET", "k", "v"), cmd("PING"), cmd("EXISTS", "k")),
		"0", "1"},
	"GETEX of another type":      {last(cmd("HSET", "h", "f", "v"), cmd("GETEX", "h", "EX", "100"), cmd("TTL", "h")), "99", "-1"},
	"contradicting SET options":  {last(cmd("SET", "k", "v", "PX", "9", "KEEPTTL")), "OK", "error: ERR syntax error"},
	"strict integers":            {last(cmd("SET", "k", "01"), cmd("INCR", "k")), "2", "error: ERR value is not an integer"},
	"errors inside scripts":      {last(cmd("HSET", "h", "f", "v"), cmd("EVAL", "return redis.call('GET', 'h')", "0")), "error: ERR Error compiling script (new function): :1: WRONGTYPE", "error: WRONGTYPE Operation"},
	"numbers as text in scripts": {last(cmd("EVAL", "return tostring(1e15)", "0")), "1000000000000000", "1e+15"},
	"swapped locals":             {last(cmd("EVAL", "local a, b = 1, 2; a, b = b, a; return a + 10 * b", "0")), "22", "12"},
	"script libraries":           {last(cmd("EVAL", "return bit.band(7, 3)", "0")), "error: ERR Error compiling", "3"},
	"script flags":               {last(cmd("EVAL", "#!lua flags=no-writes\nreturn 1", "0")), "error: ERR Error compiling", "1"},
	"runaway scripts":            {last(cmd("SCRIPT", "KILL")), unknSub, "error: NOTBUSY"},
	"SCAN in steps":              {scanOnce, "all at once", "in steps"},
	"keyspace notifications":     {notified, "silence", "__keyevent@0__:set"},
	"many keys":                  {slowdown, "grows with the keys", "stays the same"},
	"slow subscribers":           {subscribersLeft, "1", "0"},
}

func TestLimits(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, l := range embedded.Limits() {
		listed[l.Feature] = true
		p, ok := probes[l.Feature]
		if !assert.True(t, ok, "no probe of %q", l.Feature) {
			continue
		}
		t.Run(l.Feature, func(t *testing.T) {
			t.Parallel()
			t.Run("embedded", func(t *testing.T) {
				t.Parallel()
				p.check(t, start(t).Client(), p.embedded)
			})
			t.Run("redis-server", func(t *testing.T) {
				t.Parallel()
				p.check(t, redistest.Start(t).Client(t), p.redis)
			})
		})
	}
	for feature := range probes {
		assert.True(t, listed[feature], "%q is no limit any more", feature)
	}
}

func (p probe) check(t *testing.T, c *redis.Client, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := p.run(ctx, c)
	assert.True(t, strings.HasPrefix(got, want), "want %q, got %q", want, got)
}

func start(t *testing.T) *embedded.Server {
	t.Helper()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	return srv
}

func cmd(args ...any) []any { return args }

// last runs the commands and answers with the reply to the last one.
func last(cmds ...[]any) func(context.Context, *redis.Client) string {
	return func(ctx context.Context, c *redis.Client) string {
		var reply string
		for _, args := range cmds {
			reply = do(ctx, c, args...)
		}
		return reply
	}
}

func do(ctx context.Context, c *redis.Client, args ...any) string {
	reply, err := c.Do(ctx, args...).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "nil"
	case err != nil:
		return "error: " + err.Error()
	}
	return fmt.Sprint(reply)
}

func scanOnce(ctx context.Context, c *redis.Client) string {
	for i := range 100 {
		do(ctx, c, "SET", fmt.Sprint("k", i), "v")
	}
	if _, cursor, err := c.Scan(ctx, 0, "", 10).Result(); err != nil || cursor == 0 {
		return "all at once"
	}
	return "in steps"
}

// slowdown compares the fastest of some reads beside few and many keys.
func slowdown(ctx context.Context, c *redis.Client) string {
	few := fastestGet(ctx, c)
	var pairs []any
	for i := range 20_000 {
		pairs = append(pairs, fmt.Sprint("k", i), "v")
	}
	c.MSet(ctx, pairs...)
	if fastestGet(ctx, c) > 10*few {
		return "grows with the keys"
	}
	return "stays the same"
}

func fastestGet(ctx context.Context, c *redis.Client) time.Duration {
	fastest := time.Hour
	for range 20 {
		begun := time.Now()
		c.Get(ctx, "k0")
		fastest = min(fastest, time.Since(begun))
	}
	return fastest
}

func notified(ctx context.Context, c *redis.Client) string {
	do(ctx, c, "CONFIG", "SET", "notify-keyspace-events", "KEA")
	sub := c.PSubscribe(ctx, "__key*")
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil {
		return "error: " + err.Error()
	}
	events := sub.Channel()
	do(ctx, c, "SET", "k", "v")
	for {
		select {
		case m := <-events:
			if strings.HasPrefix(m.Channel, "__keyevent") {
				return m.Channel
			}
		case <-time.After(200 * time.Millisecond):
			return "silence"
		}
	}
}

// subscribersLeft publishes to a subscriber that reads nothing.
func subscribersLeft(ctx context.Context, c *redis.Client) string {
	do(ctx, c, "CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
	conn, err := c.Options().Dialer(ctx, "tcp", c.Options().Addr)
	if err != nil {
		return "error: " + err.Error()
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n")); err != nil {
		return "error: " + err.Error()
	}
	for ctx.Err() == nil && c.PubSubNumSub(ctx, "c").Val()["c"] == 0 {
		time.Sleep(time.Millisecond)
	}
	message := strings.Repeat("m", 1<<20)
	for range 16 {
		do(ctx, c, "PUBLISH", "c", message)
	}
	return strconv.FormatInt(c.PubSubNumSub(ctx, "c").Val()["c"], 10)
}
