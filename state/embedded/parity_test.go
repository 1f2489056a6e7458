package embedded_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/internal/redistest"
)

// What the SDK builds on has to be the same here as on a real server, down to
// the text of errors.
func TestSameAsRedis(t *testing.T) {
	t.Parallel()
	for name, cmds := range map[string][]string{
		"SET NX, XX":  {"SET k 1 NX", "SET k 2 NX", "GET k", "SET m 1 XX", "EXISTS m", "SET k 3 XX", "GET k"},
		"SET GET":     {"SET k 1 GET", "SET k 2 GET", "SET k 3 NX GET", "GET k", "SET m 3 XX GET", "EXISTS m", "SET n 1 NX GET", "HSET h f v", "SET h 1 GET", "TYPE h"},
		"SET KEEPTTL": {"SET k 1", "SET k 2 KEEPTTL", "PTTL k", "SET k 1 PX 1", "wait", "SET k 2 KEEPTTL", "PTTL k", "SET k 1 PX 100000", "SET k 2", "PTTL k"},
		"SET errors":  {"SET", "SET k", "SET k v FOO", "SET k v PX x", "SET k v PX 1 EX 1"},
		"GETDEL":      {"GETDEL k", "SET k v", "GETDEL k", "EXISTS k", "HSET h f v", "GETDEL h", "EXISTS h"},
		"GETEX":       {"GETEX k PX 10", "SET k v PX 100000", "GETEX k PERSIST", "PTTL k", "HSET h f v", "GETEX h", "SET k v", "GETEX k PXAT 1000", "wait", "EXISTS k"},
		"MGET":        {"SET k v", "HSET h f v", "MGET k h m k"},
		"EXISTS":      {"SET k v", "EXISTS k k m"},
		"TYPE":        {"TYPE m", "SET s v", "TYPE s", "HSET h f v", "TYPE h", "LPUSH l v", "TYPE l", "SADD e v", "TYPE e", "ZADD z 1 v", "TYPE z", "XADD x 1-1 f v", "TYPE x"},
		"PTTL":        {"PTTL m", "SET k v", "PTTL k", "TTL k", "EXPIRETIME k", "PEXPIRETIME m"},
		"PEXPIRE":     {"PEXPIRE m 1", "SET k v", "PEXPIRE k 100000 GT", "PTTL k", "PEXPIRE k 100000 LT", "PEXPIRE k 50000 GT", "PEXPIRE k 200000 GT", "PEXPIRE k 1 NX", "PEXPIRE k 1 GT LT", "PEXPIRE k 1 NX XX", "PEXPIRE k 1 FOO", "PEXPIRE k 300000 XX GT", "PEXPIRE k -1", "EXISTS k", "SET k v", "PTTL k"},
		"DEL, UNLINK": {"SET a 1", "SET b 1", "HSET h f v", "DEL a m", "UNLINK b h m", "DBSIZE"},
		"expiry":      {"SET k v PX 1", "SET l v", "wait", "KEYS *", "SCAN 0", "TYPE k", "EXISTS k", "SET k 2 NX"},
		"wrong type":  {"HSET h f v", "GET h", "INCR h", "APPEND h x", "STRLEN h", "ZADD h 1 a"},
		"globs":       {"SET k[1] v", "SET kx v", "SET k* v", "KEYS k[1]", `KEYS k\[1\]`, `KEYS k\*`, "KEYS [^a]x", "SCAN 0 MATCH m*", "SCAN x", "SCAN 0 COUNT 0"},
		"PUBLISH":     {"PUBLISH c m", "PUBSUB NUMSUB c", "PUBSUB CHANNELS"},
		"scripts": {"EVALSHA 0000000000000000000000000000000000000000 0", "EVALSHA abc 0", "SCRIPT|LOAD|return 5", "EVALSHA|4ca238f611c9d0ae4e9a75a5dbac22aedc1e44ad|0",
			"EVAL|return 1|0", "EVAL|return 1", "EVAL|return 1|2|a", "EVAL|return 1|-1", "EVAL|return {#KEYS, #ARGV}|1|k|a|b", "EVAL|return KEYS[1]|0", "SCRIPT FLUSH"},
		"Lua to Redis": {"EVAL|return nil|0", "EVAL|return|0", "EVAL|return true|0", "EVAL|return false|0", "EVAL|return 3.99|0", "EVAL|return -3.99|0", "EVAL|return 9007199254740992|0",
			"EVAL|return {1,2,nil,4}|0", "EVAL|return {1,false,'a',{2}}|0", "EVAL|return {}|0", "EVAL|return {a=1}|0", "EVAL|return {ok='FINE'}|0", "EVAL|return {err='FOO bar'}|0",
			"EVAL|return redis.error_reply('FOO bar')|0", "EVAL|return redis.error_reply('FOO')|0", "EVAL|return redis.status_reply('S')|0"},
		"Redis to Lua": {"EVAL|return redis.call('GET', 'm') == false|0", "EVAL|return redis.call('GET', 'm')|0", "EVAL|return redis.call('SET', 'k', 'v').ok|0", "EVAL|return redis.call('SET', 'k', 'w', 'NX') == false|0",
			"EVAL|return redis.call('SET', 'k', 'w', 'GET')|0", "EVAL|return redis.call('PTTL', 'm')|0", "EVAL|return redis.call('MGET', 'k', 'm')|0", "EVAL|return type(redis.call('TIME')[1])|0"},
		"numbers from Lua": {"EVAL|return redis.call('SET', 'k', 12.0)|0", "GET k", "EVAL|return redis.call('SET', 'k', 1.5)|0", "GET k", "EVAL|return redis.call('SET', 'k', 1700000000000000)|0", "GET k",
			"EVAL|return string.format('%d', 1700000000000000)|0", "EVAL|return tonumber('12') + 1|0", "EVAL|return tonumber('')|0", "EVAL|return math.floor(7 / 2)|0", "EVAL|return -7 % 3|0"},
		"errors from pcall": {"HSET h f v", "EVAL|return redis.pcall('GET', 'h')|0", "EVAL|return redis.pcall('GET', 'h').err|0", "EVAL|return redis.pcall('NOPE')|0"},
		"bytes":             {"SET|k|a\x00b\r\n\xff", "GET k", "STRLEN k", "SET||empty key", "GET|", "SET|e|", "GET e", "EVAL|return '\x00\xff'|0"},
		"WAIT":              {"SET k v", "WAIT 0 10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			actual := redistest.Start(t).Client(t)
			here := start(t).Client()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			for _, c := range cmds {
				if c == "wait" {
					time.Sleep(20 * time.Millisecond)
					continue
				}
				var args []any
				for _, a := range split(c) {
					args = append(args, a)
				}
				assert.Equal(t, do(ctx, actual, args...), do(ctx, here, args...), c)
			}
		})
	}
}

// split cuts a command at bars, if it has one, or at spaces.
func split(c string) []string {
	if strings.Contains(c, "|") {
		return strings.Split(c, "|")
	}
	return strings.Fields(c)
}
