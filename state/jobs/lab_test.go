package jobs_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// lab is a server whose clock the test sets, and workers that use it.
type lab struct {
	client *redis.Client // of the store, with the tape
	raw    *redis.Client // without
	tape   *tape
	store  *state.Store
	// workers have the same jobs. The first sends each report at once, and the second keeps what
	// comes after the first one.
	workers []*jobs.Tracker[string, int, string]

	now   int64 // in microseconds
	tick  func(now int64)
	rules rules
	// ends has the lab remove what has expired, as the clock of a redis-server goes its own way.
	ends bool
	// patience is how long the lab waits for what happens by itself.
	patience time.Duration
	// needs are the changes of the scripts without which the lab does not work.
	needs []change
}

const (
	keys    = 3
	prefix  = "lab:"
	begun   = 1_900_000_000_000_000
	hour    = int64(time.Hour / time.Microsecond)
	minute  = hour / 60
	second  = minute / 60
	timeKey = "clock"
)

func labRules() rules {
	return rules{
		lease: 2 * hour, keep: 30 * hour, keepFailed: 50 * hour, keepCancelled: 20 * hour, idle: 24 * hour,
		attempts: 3, retryDelay: 10 * second, maxRetryDelay: 30 * second,
	}
}

func (r rules) options() jobs.FamilyOptions {
	d := func(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
	return jobs.FamilyOptions{
		Lease: d(r.lease), Keep: d(r.keep), KeepFailed: d(r.keepFailed), KeepCancelled: d(r.keepCancelled), Idle: d(r.idle),
		Attempts: r.attempts, RetryDelay: d(r.retryDelay), MaxRetryDelay: d(r.maxRetryDelay),
	}
}

// newLab returns a lab on an embedded server.
func newLab(t *testing.T) *lab {
	t.Helper()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	l := &lab{client: redis.NewClient(srv.Client().Options()), raw: srv.Client(), rules: labRules(), patience: 10 * time.Second}
	l.tick = func(now int64) { srv.SetTime(time.UnixMicro(now)) }
	l.open(t)
	return l
}

// newRealLab returns a lab on a redis-server. Its clock cannot be set, and so job.lua reads
// a list instead.
func newRealLab(t *testing.T) *lab {
	t.Helper()
	srv := redistest.Start(t)
	l := &lab{client: redis.NewClient(srv.Options()), raw: srv.Client(t), rules: labRules(), patience: 10 * time.Second, ends: true}
	l.tick = func(now int64) {
		_, err := l.raw.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
			p.Del(t.Context(), timeKey)
			p.RPush(t.Context(), timeKey, now/1e6, now%1e6)
			return nil
		})
		require.NoError(t, err)
	}
	l.needs = []change{
		{`redis.pcall('TIME')`, `redis.pcall('LRANGE', '` + timeKey + `', 0, 1)`},
		{`redis.call('PTTL', index)`, `(redis.call('PEXPIRETIME', index) - now / 1000)`},
	}
	l.open(t)
	return l
}

// change is one text in place of another.
type change struct{ old, new string }

// scripts loads the scripts with all changes, and has the tape send those.
func (l *lab) scripts(t *testing.T, changes []change) {
	t.Helper()
	made := map[change]bool{}
	for _, name := range []string{"job.lua", "bucket.lua"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		text := string(source)
		for _, c := range changes {
			made[c] = made[c] || strings.Contains(text, c.old)
			text = strings.ReplaceAll(text, c.old, c.new)
		}
		digest := digestOf(string(source))
		if l.tape == nil {
			l.tape = newTape(digest)
		}
		l.tape.instead[digest], err = l.raw.ScriptLoad(t.Context(), text).Result()
		require.NoError(t, err)
	}
	for _, c := range changes {
		require.True(t, made[c], "the script has changed; there is no %q to change", c.old)
	}
}

// change has the scripts have other changes, beside those that the lab needs.
func (l *lab) change(t *testing.T, changes ...change) {
	t.Helper()
	l.scripts(t, append(slices.Clone(l.needs), changes...))
}

func (l *lab) open(t *testing.T) {
	t.Helper()
	l.now = begun
	l.tick(l.now)
	l.change(t)
	l.client.AddHook(l.tape)
	t.Cleanup(func() { _ = l.client.Close() })
	var err error
	l.store, err = state.New(l.client, state.Options{Prefix: prefix, EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.store.Close()) })
	family := jobs.Define[string, int, string]("job:<id>", l.rules.options())
	for i, every := range []time.Duration{time.Nanosecond, time.Hour} {
		w, err := jobs.New(l.store, family, jobs.Options{Worker: workerName(i), ReportEvery: every})
		require.NoError(t, err)
		l.workers = append(l.workers, w)
	}
}

func digestOf(script string) string {
	sum := sha1.Sum([]byte(script))
	return hex.EncodeToString(sum[:])
}

func workerName(i int) string { return fmt.Sprint("worker-", i) }

func keyOf(i int) string { return fmt.Sprint("j", i) }

func indexOf(key string) int { return int(key[1] - '0') }

// clear removes all that is stored.
func (l *lab) clear(t require.TestingT) {
	require.NoError(t, l.raw.FlushDB(context.Background()).Err())
	l.tape.take()
	l.pass(1)
}

// pass lets time pass.
func (l *lab) pass(d int64) {
	l.now += d
	l.tick(l.now)
}

// stored is what Redis holds of a job.
type stored struct {
	fields map[string]string
	// ends is when the hash expires, in milliseconds; 0 is never.
	ends int64
	// score is that of the job in the index, and 0 if it is not there.
	score int64
	// indexEnds is when the index expires.
	indexEnds int64
}

// names returns those of the hash and the index of a job.
func (l *lab) names(t require.TestingT, key int) (hash, index, member string) {
	hash, err := l.workers[0].KeyName(keyOf(key))
	require.NoError(t, err)
	at := strings.LastIndex(hash, ":__{")
	return hash, prefix + "job:__" + hash[at:] + ":jobs", strings.TrimPrefix(hash[:at], prefix)
}

// look returns what is stored of all jobs.
func (l *lab) look(t require.TestingT) [keys]stored {
	ctx := context.Background()
	var found [keys]stored
	var fields [keys]*redis.MapStringStringCmd
	var ends, indexEnds [keys]*redis.DurationCmd
	var scores [keys]*redis.FloatCmd
	_, _ = l.raw.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range keys {
			hash, index, member := l.names(t, i)
			fields[i], ends[i] = p.HGetAll(ctx, hash), p.PExpireTime(ctx, hash)
			scores[i], indexEnds[i] = p.ZScore(ctx, index, member), p.PExpireTime(ctx, index)
		}
		return nil
	})
	for i := range keys {
		require.NoError(t, fields[i].Err())
		found[i].fields = fields[i].Val()
		found[i].ends = max(0, ends[i].Val().Milliseconds())
		found[i].score = int64(scores[i].Val())
		found[i].indexEnds = max(0, indexEnds[i].Val().Milliseconds())
	}
	return found
}
