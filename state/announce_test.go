package state_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
)

// TestAUserWhoMayNotAnnounceChangesNothing has each writing operation refused by
// the server where it would announce itself.
func TestAUserWhoMayNotAnnounceChangesNothing(t *testing.T) {
	t.Parallel()
	all := []string{"~*", "+@all"}
	srv := redistest.Start(t,
		redistest.WithUser("no-command", "s3cret", append(slices.Clone(all), "&*", "-publish")...),
		redistest.WithUser("no-channel", "s3cret", all...),
		redistest.WithUser("other-channel", "s3cret", append(slices.Clone(all), "&other:*")...),
		redistest.WithUser("no-writes", "s3cret", append(slices.Clone(all), "&*", "-set", "-pexpire", "-unlink")...),
		redistest.WithUser("other-keys", "s3cret", "%R~*", "&*", "+@all"))
	admin := srv.Client(t)
	for _, user := range []string{"no-command", "no-channel", "other-channel", "no-writes", "other-keys"} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			b := bench{client: srv.ClientAs(t, user), admin: admin, prefix: user + ":"}
			store := b.all(t)
			e := b.listen(t, "")
			for i, a := range announcings() {
				if a.state == "" {
					continue
				}
				key := watched.Key("g", strconv.Itoa(i))
				name, err := key.Name(store)
				require.NoError(t, err)
				if a.before != nil {
					require.NoError(t, admin.Set(t.Context(), name, a.before, time.Hour).Err())
				}
				look := func() []any {
					value, _ := admin.Get(t.Context(), name).Result()
					return []any{value, admin.ExpireTime(t.Context(), name).Val()}
				}
				before := look()
				err = a.do(t.Context(), store, key)
				assert.ErrorIs(t, err, state.ErrPermission, a.title)
				assert.NotErrorIs(t, err, state.ErrUnknownOutcome, a.title)
				assert.Equal(t, before, look(), a.title)
			}
			assert.Empty(t, e.heard(t))
			n, _ := receipts(t, b)
			assert.Zero(t, n)
		})
	}
}

// A user who may not announce the change of one key changes none with it.
func TestATransactionThatMayNotAnnounceIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("one", "s3cret", "~*", "&*:1:__watch", "+@all"))
	b := bench{client: srv.ClientAs(t, "one"), admin: srv.Client(t), prefix: "p:"}
	store := b.all(t)
	e := b.listen(t, "")
	one, two, silent := watched.Key("g", "1"), watched.Key("g", "2"), unwatched.Key("g", "2")
	require.NoError(t, one.Set(t.Context(), store, 1))
	require.NoError(t, silent.Set(t.Context(), store, 1), "it has nothing to announce")
	e.heard(t)
	err := store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		return errors.Join(one.Set(ctx, tx, 2), silent.Set(ctx, tx, 2), two.Set(ctx, tx, 2))
	})
	assert.ErrorIs(t, err, state.ErrPermission)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	for _, key := range []state.Key[int]{one, silent} {
		n, err := key.Get(t.Context(), store)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	}
	assert.Empty(t, e.heard(t))
}

// names is a hook that notes the commands that are sent.
type names struct {
	mu   sync.Mutex
	sent []string
}

func (n *names) add(cmd redis.Cmder) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = append(n.sent, cmd.Name())
}

// taken returns the commands since it was last called.
func (n *names) taken() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	sent := n.sent
	n.sent = nil
	return sent
}

func (n *names) DialHook(next redis.DialHook) redis.DialHook { return next }

func (n *names) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		n.add(cmd)
		return next(ctx, cmd)
	}
}

func (n *names) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			n.add(cmd)
		}
		return next(ctx, cmds)
	}
}

// TestAnnouncingTakesNoCommandOfItsOwn counts what a watched family sends, beside
// one that is not watched and sends what it would without any of this.
func TestAnnouncingTakesNoCommandOfItsOwn(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	client := redis.NewClient(srv.Options())
	t.Cleanup(func() { _ = client.Close() })
	sent := new(names)
	store, err := state.New(client, state.Options{EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	run := func(family *state.Family[int]) (commands [][]string) {
		key := family.Key("g", "1")
		for _, do := range []func() error{
			func() error { return key.Set(t.Context(), store, 1) },
			func() error { return state.Replace(t.Context(), store, key, 1) },
			func() error { _, _, err := state.Swap(t.Context(), store, key, 1); return err },
			func() error { return state.Touch(t.Context(), store, key) },
			func() error { return key.Set(t.Context(), store, 1, state.KeepTTL()) },
			func() error {
				_, err := state.SetMany(t.Context(), store, []state.KeyValue[int]{pair(key, 1), pair(family.Key("g", "2"), 1)})
				return err
			},
			func() error {
				return store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
					return errors.Join(key.Set(ctx, tx, 1), family.Key("g", "2").Set(ctx, tx, 2))
				})
			},
			func() error { return remove(t.Context(), store, key) },
		} {
			require.NoError(t, do())
			commands = append(commands, sent.taken())
		}
		return commands
	}
	for _, family := range []*state.Family[int]{watched, unwatched} {
		run(family) // the server learns the scripts
	}
	client.AddHook(sent)
	used := deployment.UsedCommands(t, []*redis.Client{admin}, func() {
		assert.Equal(t, [][]string{
			{"set"}, {"set"}, {"set"}, {"pexpire"}, {"evalsha"}, {"set", "set"}, {"evalsha"}, {"unlink"},
		}, run(unwatched))
	})
	assert.NotContains(t, used, "+publish")
	one, two := []string{"evalsha"}, []string{"evalsha", "evalsha"}
	used = deployment.UsedCommands(t, []*redis.Client{admin}, func() {
		assert.Equal(t, [][]string{one, one, one, one, one, two, one, one}, run(watched))
	})
	assert.Contains(t, used, "+publish")
}

// TestAWriteWhoseReplyIsLostHasAnnouncedItself cuts the connection after the write:
// whatever was applied was also announced, and once.
func TestAWriteWhoseReplyIsLostHasAnnouncedItself(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	b := bench{client: client, admin: srv.Client(t), prefix: "lost:"}
	store := b.all(t)
	e := b.listen(t, "")
	key := watched.Key("g", "1")
	require.NoError(t, key.Set(t.Context(), store, 1))
	require.NoError(t, key.Set(t.Context(), store, 1, state.KeepTTL()))
	e.heard(t)
	for _, c := range []struct {
		do   func() error
		want announcement
	}{
		{func() error { return key.Set(t.Context(), store, 2) }, announcement{state: "2", life: time.Hour}},
		{func() error { return key.Set(t.Context(), store, 3, state.KeepTTL()) }, announcement{state: "3", life: time.Hour, left: true}},
		{func() error { return state.Touch(t.Context(), store, key) }, announcement{state: "ttl", life: time.Hour}},
		{func() error { return remove(t.Context(), store, key) }, announcement{state: "absent"}},
	} {
		var once sync.Once
		p.SetFault(func(request []string) (f redistest.Fault) {
			f = redistest.Pass
			if strings.EqualFold(request[0], "evalsha") {
				once.Do(func() { f = redistest.DropReply })
			}
			return f
		})
		assert.ErrorIs(t, c.do(), state.ErrUnknownOutcome, c.want.state)
		c.want.key = "watched:{g}:1"
		assertHeard(t, c.want.state, []announcement{c.want}, e.heard(t))
	}
}

// A server that has forgotten the scripts, as after a restart, is given them again.
func TestAServerThatForgotTheScriptsAnnouncesOnce(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	b := bench{client: client, admin: client, prefix: "forgot:"}
	store := b.all(t)
	e := b.listen(t, "")
	for i := range 3 {
		require.NoError(t, client.ScriptFlush(t.Context()).Err())
		require.NoError(t, watched.Key("g", "1").Set(t.Context(), store, i))
		assertHeard(t, "set", []announcement{{"watched:{g}:1", strconv.Itoa(i), time.Hour, false}}, e.heard(t))
	}
}

func TestAWatchedWriteIsRefusedAsThePlainOneIs(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	b := bench{client: client, admin: client, prefix: "refused:"}
	store := b.all(t)
	e := b.listen(t, "")
	key := watched.Key("g", "1")
	err := key.Set(t.Context(), store, 1, state.Replicated(1, time.Millisecond))
	assert.ErrorIs(t, err, state.ErrNotReplicated)
	assertHeard(t, "applied", []announcement{{"watched:{g}:1", "1", time.Hour, false}}, e.heard(t))

	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	for name, err := range map[string]error{
		"set":  key.Set(t.Context(), store, 2),
		"keep": key.Set(t.Context(), store, 2, state.KeepTTL()),
	} {
		assert.ErrorIs(t, err, state.ErrOutOfMemory, name)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome, name)
	}
	assert.Empty(t, e.heard(t))
	require.NoError(t, remove(t.Context(), store, key), "removing needs no memory")
	assertHeard(t, "removed", []announcement{{"watched:{g}:1", "absent", 0, false}}, e.heard(t))
}

// What is left of a TTL that another client has set may take more digits than a
// script writes by itself.
func TestAWordHoldsATTLOfAnyLength(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	b := bench{client: client, admin: client, prefix: "long:"}
	store := b.all(t)
	e := b.listen(t, "")
	require.NoError(t, client.Do(t.Context(), "SET", b.prefix+"watched:{g}:1", "1", "PX", "5000000000000000").Err())
	_, err := state.Update(t.Context(), store, watched.Key("g", "1"), increment)
	require.NoError(t, err)
	heard := e.heard(t)
	require.Len(t, heard, 1)
	assert.Regexp(t, `^watched:\{g\}:1 0 [0-9a-f]{40} (4999999999|5000000000)[0-9]{6} [0-9]+ [0-9]+$`, heard[0])
}
