package ratelimit_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

var update = flag.Bool("update", false, "write what the tests find to testdata")

// aclFile holds the rules of a user that this package needs, a line for each deployment,
// as TestNeededCommands finds them.
var aclFile = filepath.Join("testdata", "acl.txt")

// neededCommands returns the rules in aclFile for a deployment.
func neededCommands(t *testing.T, name string) []string {
	t.Helper()
	return deployment.Rules(t, aclFile, name)
}

// everything calls all that sends a command, in each form that sends another.
func everything(t *testing.T, store *state.Store) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) { t.Helper(); require.NoError(t, err) }
	limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 9, time.Hour), ratelimit.Bucket("b", 9, 2*time.Hour)), ratelimit.Options{})
	must(err)
	_, err = limiter.Allow(ctx, subject)
	must(err)
	_, err = limiter.AllowUpTo(ctx, subject, 2, ratelimit.OpID("op"))
	must(err)
	_, err = limiter.Allow(ctx, subject, ratelimit.OpID("short"), ratelimit.ReceiptTTL(time.Millisecond))
	must(err)
	_, err = limiter.Peek(ctx, subject)
	must(err)
	_, err = limiter.Wait(ctx, subject)
	must(err)
	_, err = limiter.AllowMany(ctx, ratelimit.Request[string]{Subject: subject})
	must(err)
	r, err := limiter.Reserve(ctx, "other", 2, ratelimit.ReceiptTTL(time.Millisecond))
	must(err)
	_, err = r.Refund(ctx)
	must(err)
	time.Sleep(3 * time.Millisecond) // the next call with an id clears away the receipts that are over
	_, err = limiter.Allow(ctx, "other", ratelimit.OpID("next"))
	must(err)
	must(limiter.Reset(ctx, subject, "w"))
	must(limiter.Reset(ctx, subject))

	semaphore, err := ratelimit.NewSemaphore(store, ratelimit.DefineSemaphore[string]("desks:<room>", 1, 200*time.Millisecond))
	must(err)
	p, err := semaphore.TryAcquire(ctx, "a")
	must(err)
	_, err = semaphore.TryAcquire(ctx, "a")
	require.ErrorIs(t, err, ratelimit.ErrFull)
	_, err = semaphore.InUse(ctx, "a")
	must(err)
	held, cancel := p.Context(ctx)
	defer cancel()
	select { // it is lost then unless it was renewed
	case <-held.Done():
		require.NoError(t, context.Cause(held))
	case <-time.After(250 * time.Millisecond):
	}
	_, err = p.Release(ctx)
	must(err)
}

// TestNeededCommands finds out which commands this package needs of a server, for the rules
// of a user who may use no others. They include those of its scripts and of the handshake of
// go-redis.
func TestNeededCommands(t *testing.T) {
	t.Parallel()
	open := func(client redis.UniversalClient) *state.Store {
		store, err := state.New(client, state.Options{EnableSet: true, EnableRemove: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		return store
	}
	single, cluster := deployment.NeededCommands(t, func(client redis.UniversalClient) { everything(t, open(client)) },
		"+auth", "+eval")
	text := "single: " + strings.Join(single, " ") + "\ncluster: " + strings.Join(cluster, " ") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(aclFile, []byte(text), 0o644))
	}
	committed, err := os.ReadFile(aclFile)
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	assert.Contains(t, string(readme), strings.Join(single, " "), "the README says what a user needs")
	assert.Equal(t, string(committed), text, "run go test ./state/ratelimit -run NeededCommands -update, and read the difference")
}

// TestAUserWhoMayNotDoAllMakesNoKeyThatLivesForGood takes one command at a time away from
// what is needed. Whatever fails, no key is left without an end, and what a call without its
// permission says has happened is what has.
func TestAUserWhoMayNotDoAllMakesNoKeyThatLivesForGood(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	rules := neededCommands(t, "single")
	for i, without := range rules {
		if slices.Contains([]string{"+auth", "+hello", "+evalsha"}, without) {
			continue // it could not even ask
		}
		user := "user" + strings.Trim(without, "+")
		acl := append([]any{"ACL", "SETUSER", user, "on", ">pw", "resetkeys", "~*", "&*", "-@all"}, anys(slices.Delete(slices.Clone(rules), i, i+1))...)
		require.NoError(t, admin.Do(t.Context(), acl...).Err())
		o := srv.Options()
		o.Username, o.Password = user, "pw"
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		store, err := state.New(client, state.Options{Prefix: user + ":", EnableSet: true, EnableRemove: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 9, time.Hour)), ratelimit.Options{})
		require.NoError(t, err)

		for call, do := range map[string]func() error{
			"Allow":   func() error { _, err := limiter.Allow(t.Context(), "1"); return err },
			"OpID":    func() error { _, err := limiter.Allow(t.Context(), "2", ratelimit.OpID("op")); return err },
			"Reserve": func() error { _, err := limiter.Reserve(t.Context(), "3", 1); return err },
		} {
			err := do()
			names, scanErr := admin.Keys(t.Context(), user+":*").Result()
			require.NoError(t, scanErr)
			for _, name := range names {
				assert.Positive(t, admin.PTTL(t.Context(), name).Val(), "%s without %s left a key without end", call, without)
			}
			if err != nil {
				assert.ErrorIs(t, err, state.ErrPermission, "%s without %s", call, without)
				assert.Empty(t, names, "%s without %s has changed something", call, without)
			}
			require.NoError(t, admin.FlushAll(t.Context()).Err())
		}
	}
}

// TestAUserWhoMayNotDoAllIsRefusedBeforeTheFirstWrite takes a command away from a user who
// may do all else. The limits of the key that there is are shorter than those of the call,
// and a receipt in it is over, so the call would have to extend it and to clear that away.
func TestAUserWhoMayNotDoAllIsRefusedBeforeTheFirstWrite(t *testing.T) {
	t.Parallel()
	commands := []string{"time", "hmget", "pttl", "hset", "pexpire", "hdel"}
	var users []redistest.Option
	for _, without := range commands {
		users = append(users, redistest.WithUser(without, "pw", "~*", "&*", "+@all", "-"+without))
	}
	srv := redistest.Start(t, users...)
	admin := srv.Client(t)
	all := storeOn(t, admin)
	brief, err := ratelimit.New(all, family(ratelimit.Window("brief", 9, time.Minute)), ratelimit.Options{ReceiptTTL: time.Millisecond})
	require.NoError(t, err)
	for _, without := range commands {
		limiter, err := ratelimit.New(storeOn(t, srv.ClientAs(t, without)), family(ratelimit.Window("w", 9, time.Hour), ratelimit.Bucket("b", 9, 2*time.Hour)), ratelimit.Options{})
		require.NoError(t, err)
		for call, do := range map[string]func(who string) error{
			"Allow": func(who string) error { _, err := limiter.Allow(t.Context(), who); return err },
			"OpID":  func(who string) error { _, err := limiter.Allow(t.Context(), who, ratelimit.OpID("op")); return err },
			"Reserve": func(who string) error {
				r, err := limiter.Reserve(t.Context(), who, 2)
				assert.False(t, r.Allowed && err != nil)
				return err
			},
			"AllowMany": func(who string) error {
				_, err := limiter.AllowMany(t.Context(), ratelimit.Request[string]{Subject: who, N: 2})
				return err
			},
		} {
			for _, known := range []bool{false, true} {
				who := strings.Join([]string{call, without, strconv.FormatBool(known)}, "-")
				name := "t:calls:" + who
				if known {
					r, err := brief.Reserve(t.Context(), who, 1)
					require.NoError(t, err)
					require.Eventually(t, func() bool {
						now, err := admin.Time(t.Context()).Result()
						return err == nil && now.Sub(r.ServerTime) > time.Millisecond
					}, time.Second, time.Millisecond)
				}
				before, err := admin.HGetAll(t.Context(), name).Result()
				require.NoError(t, err)
				require.Equal(t, known, len(before) > 0)
				err = do(who)
				after, readErr := admin.HGetAll(t.Context(), name).Result()
				require.NoError(t, readErr)
				ttl := admin.PTTL(t.Context(), name).Val()
				if without == "hdel" && !known {
					require.NoError(t, err, who)
					assert.NotEmpty(t, after, who)
					assert.Greater(t, ttl, time.Minute, who)
					continue
				}
				require.ErrorIs(t, err, state.ErrPermission, who)
				assert.NotErrorIs(t, err, state.ErrUnknownOutcome, who)
				assert.Equal(t, before, after, who)
				assert.Equal(t, known, ttl > 0, who)
			}
		}
	}
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}
