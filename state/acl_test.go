package state_test

import (
	"context"
	"flag"
	"maps"
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
	"github.com/typedstate/typedstate/state"
)

var update = flag.Bool("update", false, "write what the tests find to testdata")

// aclFile holds the rules of a user that the library needs, a line for each
// deployment, as TestNeededCommands finds them.
var aclFile = filepath.Join("testdata", "acl.txt")

// neededCommands returns the rules in aclFile for a deployment.
func neededCommands(t *testing.T, deployment string) []string {
	t.Helper()
	text, err := os.ReadFile(aclFile)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if rules, ok := strings.CutPrefix(line, deployment+": "); ok {
			return strings.Fields(rules)
		}
	}
	t.Fatalf("%s has no line for %s", aclFile, deployment)
	return nil
}

// everything calls all that sends a command, in each form that sends another.
func everything(t *testing.T, store *state.Store) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) { t.Helper(); require.NoError(t, err) }
	key, other := accounts.Key("b", "1"), accounts.Key("b", "2")
	sliding := state.Define("acl-slide:<id>", state.FamilyOptions[int]{TTL: time.Hour, Sliding: true}).Key("1")

	must(store.Ping(ctx))
	must(store.SetState(ctx, "acl", 1, time.Minute))
	_, err := store.GetState(ctx, "acl")
	must(err)
	_, err = store.RemoveState(ctx, "acl")
	must(err)
	must(key.Set(ctx, store, 1))
	must(other.Set(ctx, store, 1, state.OpID("a")))
	must(key.Set(ctx, store, 1, state.KeepTTL()))
	assert.ErrorIs(t, key.Set(ctx, store, 1, state.Replicated(1, time.Millisecond)), state.ErrNotReplicated, "there is no replica")
	_, _, err = state.Swap(ctx, store, key, 2)
	must(err)
	must(state.Touch(ctx, store, key))
	_, err = state.Update(ctx, store, key, increment, state.OpID("b"))
	must(err)
	must(store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
		if _, err := state.Update(ctx, tx, key, increment); err != nil {
			return err
		}
		return remove(ctx, tx, other)
	}))
	must(sliding.Set(ctx, store, 1))
	_, err = sliding.Get(ctx, store)
	must(err)
	_, err = state.Exists(ctx, store, key)
	must(err)
	_, err = state.TimeToLive(ctx, store, key)
	must(err)
	entry, err := state.GetEntry(ctx, store, key)
	must(err)
	_, err = state.SetIf(ctx, store, key, entry.Token, 7)
	must(err)
	_, err = state.Take(ctx, store, key)
	must(err)
	must(watched.Key("b", "1").Set(ctx, store, 1))
	must(watched.Key("b", "1").Set(ctx, store, 1, state.KeepTTL()))
	for _, err := range state.Watch(ctx, store, watched.Key("b", "1")) {
		must(err)
		break
	}
	for _, err := range state.WatchAll(ctx, store, watched) {
		must(err)
		break
	}
	for _, err := range state.All(ctx, store, accounts) {
		must(err)
	}
	_, err = state.RemoveAll(ctx, store, accounts)
	must(err)
}

// usedCommands returns a rule for each command that the servers have executed
// since their statistics were reset.
func usedCommands(t *testing.T, admins []*redis.Client, run func()) []string {
	t.Helper()
	for _, admin := range admins {
		require.NoError(t, admin.ConfigResetStat(t.Context()).Err())
	}
	run()
	used := map[string]bool{}
	for _, admin := range admins {
		text, err := admin.Info(t.Context(), "commandstats").Result()
		require.NoError(t, err)
		for line := range strings.Lines(text) {
			if name, ok := strings.CutPrefix(line, "cmdstat_"); ok {
				name, _, _ = strings.Cut(name, ":")
				used["+"+name] = true
			}
		}
	}
	delete(used, "+config|resetstat")
	return slices.Sorted(maps.Keys(used))
}

// TestNeededCommands finds out which commands the library needs of a server, for
// the rules of a user who may use no others. They include those of its scripts
// and of the handshake of go-redis.
func TestNeededCommands(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, client redis.UniversalClient) *state.Store {
		store, err := state.New(client, state.Options{EnableSet: true, EnableRemove: true, EnableScan: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		return store
	}
	found := map[string][]string{}

	srv := redistest.Start(t, redistest.WithUser("app", "s3cret", "~*", "&*", "+@all"))
	found["single"] = usedCommands(t, []*redis.Client{srv.Client(t)}, func() {
		o := srv.OptionsFor("app")
		o.DisableIdentity, o.MaintNotificationsConfig = false, nil
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		everything(t, open(t, client))
	})

	cluster := redistest.StartCluster(t, 3, 0)
	var admins []*redis.Client
	for _, node := range cluster.Nodes() {
		admins = append(admins, node.Client(t))
	}
	found["cluster"] = usedCommands(t, admins, func() { everything(t, open(t, cluster.Client(t))) })

	// What a run may or may not come by.
	found["single"] = union(found["single"], "+auth", "+eval", "+eval_ro", "+punsubscribe", "+unsubscribe")
	found["cluster"] = union(found["cluster"], append(found["single"], "+asking", "+cluster|slots", "+command")...)
	text := "single: " + strings.Join(found["single"], " ") + "\ncluster: " + strings.Join(found["cluster"], " ") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(aclFile, []byte(text), 0o644))
	}
	committed, err := os.ReadFile(aclFile)
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	besides := slices.DeleteFunc(found["cluster"], func(rule string) bool { return slices.Contains(found["single"], rule) })
	for _, rules := range [][]string{found["single"], besides} {
		assert.Contains(t, string(readme), strings.Join(rules, " "), "the README says what a user needs")
	}
	assert.Equal(t, string(committed), text, "run go test ./state -run NeededCommands -update, and read the difference")
}

func union(a []string, b ...string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
