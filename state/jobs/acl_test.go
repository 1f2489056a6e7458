package jobs_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state/jobs"
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
func everything(t *testing.T, tr *tracker) {
	t.Helper()
	create(t, tr, "1")
	for s, err := range tr.Watch(t.Context(), "1") {
		require.NoError(t, err)
		if s.State == jobs.Pending {
			_, err := tr.Do(t.Context(), "1", func(_ context.Context, run *attempt) (report, error) {
				return report{}, errors.Join(run.Report(rows{1}), errors.New("again"))
			})
			require.Error(t, err)
			_, err = tr.Cancel(t.Context(), "1", "")
			require.NoError(t, err)
		}
	}
	_, err := tr.Restart(t.Context(), "1")
	require.NoError(t, err)
	jobs.Kill(start(t, tr, "1"))
	for range tr.List(t.Context(), jobs.Running) {
		continue
	}
	require.Eventually(t, func() bool {
		some, err := tr.Reap(t.Context(), 1)
		return err == nil && len(some) == 1
	}, 5*time.Second, 10*time.Millisecond)
	_, err = tr.Count(t.Context())
	require.NoError(t, err)
	require.NoError(t, tr.Delete(t.Context(), "1"))
}

// TestNeededCommands finds out which commands this package needs of a server, for the rules
// of a user who may use no others. They include those of its scripts and of the handshake of
// go-redis.
func TestNeededCommands(t *testing.T) {
	t.Parallel()
	single, cluster := deployment.NeededCommands(t, func(client redis.UniversalClient) {
		everything(t, trackerOn(t, client, "t:", define()))
	}, "+auth", "+eval", "+ping", "+info", "+unsubscribe")
	text := "single: " + strings.Join(single, " ") + "\ncluster: " + strings.Join(cluster, " ") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(aclFile, []byte(text), 0o644))
	}
	committed, err := os.ReadFile(aclFile)
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	assert.Contains(t, string(readme), strings.Join(single, " "), "the README says what a user needs")
	assert.Equal(t, string(committed), text, "run go test ./state/jobs -run NeededCommands -update, and read the difference")
}

// TestAUserWhoMayNotDoAllChangesNothing takes a command away from a user who may do all
// else. A call that is refused has changed nothing.
func TestAUserWhoMayNotDoAllChangesNothing(t *testing.T) {
	t.Parallel()
	commands := []string{"time", "hmget", "hset", "hdel", "pexpireat", "zadd", "zrem", "pttl", "zrangebyscore"}
	var users []redistest.Option
	for _, without := range commands {
		users = append(users, redistest.WithUser(without, "pw", "~*", "&*", "+@all", "-"+without))
	}
	srv := redistest.Start(t, users...)
	admin := srv.Client(t)
	f := define(func(o *jobs.FamilyOptions) { o.Lease = 100 * time.Millisecond })
	all := trackerOn(t, admin, "t:", f)
	create(t, all, "running")
	jobs.Kill(start(t, all, "running"))
	create(t, all, "pending")
	create(t, all, "cancelled")
	_, err := all.Cancel(t.Context(), "cancelled", "")
	require.NoError(t, err)
	require.Eventually(t, func() bool { s := get(t, all, "running"); return s.Stalled() }, 5*time.Second, 10*time.Millisecond)
	dump := func() (all []string) {
		keys, err := admin.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		slices.Sort(keys)
		for _, key := range keys {
			text, err := admin.Dump(t.Context(), key).Result()
			require.NoError(t, err)
			assert.Positive(t, admin.PTTL(t.Context(), key).Val())
			all = append(all, key, text)
		}
		return all
	}
	before := dump()
	for _, without := range commands {
		tr := trackerOn(t, srv.ClientAs(t, without), "t:", f)
		for call, do := range map[string]func() error{
			"create":  func() error { _, _, err := tr.Create(t.Context(), "new"); return err },
			"start":   func() error { _, err := tr.Start(t.Context(), "pending"); return err },
			"replace": func() error { _, err := tr.Start(t.Context(), "running"); return err },
			"cancel":  func() error { _, err := tr.Cancel(t.Context(), "pending", ""); return err },
			"restart": func() error { _, err := tr.Restart(t.Context(), "cancelled"); return err },
			"delete":  func() error { return tr.Delete(t.Context(), "cancelled") },
			"reap":    func() error { _, err := tr.Reap(t.Context(), 1); return err },
		} {
			err := do()
			require.ErrorContains(t, err, "permission", "%s without %s", call, without)
			require.Equal(t, before, dump(), "%s without %s", call, without)
		}
	}
}
