package state_test

import (
	"context"
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

	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
)

var update = flag.Bool("update", false, "write what the tests find to testdata")

// aclFile holds the rules of a user that the library needs, a line for each
// deployment, as TestNeededCommands finds them.
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
	single, cluster := deployment.NeededCommands(t, func(client redis.UniversalClient) { everything(t, open(t, client)) },
		"+auth", "+eval", "+eval_ro", "+punsubscribe", "+unsubscribe")
	text := "single: " + strings.Join(single, " ") + "\ncluster: " + strings.Join(cluster, " ") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(aclFile, []byte(text), 0o644))
	}
	committed, err := os.ReadFile(aclFile)
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	besides := slices.DeleteFunc(cluster, func(rule string) bool { return slices.Contains(single, rule) })
	for _, rules := range [][]string{single, besides} {
		assert.Contains(t, string(readme), strings.Join(rules, " "), "the README says what a user needs")
	}
	assert.Equal(t, string(committed), text, "run go test ./state -run NeededCommands -update, and read the difference")
}
