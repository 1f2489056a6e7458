package state_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

func TestNoStoreIsAnError(t *testing.T) {
	t.Parallel()
	var none *state.Store
	for name, err := range operations(t.Context(), none) {
		assert.ErrorIs(t, err, state.ErrNoStore, name)
	}
	assert.ErrorIs(t, none.Ping(t.Context()), state.ErrNoStore)
	assert.NoError(t, none.Close())
	zero := new(state.Store)
	for name, err := range operations(t.Context(), zero) {
		assert.ErrorIs(t, err, state.ErrNoStore, name)
	}
	assert.NoError(t, zero.Close())
	assert.Nil(t, zero.Client())
	key := sessions.Key("1")
	for _, r := range []state.Reader{nil, zero, zero.Tenant("a"), zero.ReadOnly(), state.View{}, none.ReadOnly(), none.Tenant("a")} {
		_, err := key.Get(t.Context(), r)
		assert.ErrorIs(t, err, state.ErrNoStore)
		_, err = key.Name(r)
		assert.ErrorIs(t, err, state.ErrNoStore)
	}
	assert.ErrorIs(t, key.Set(t.Context(), nil, session{}), state.ErrNoStore)
	assert.ErrorIs(t, remove(t.Context(), nil, key), state.ErrNoStore)
	_, _, err := state.Swap(t.Context(), nil, key, session{})
	assert.ErrorIs(t, err, state.ErrNoStore)
	_, err = state.Take(t.Context(), nil, key)
	assert.ErrorIs(t, err, state.ErrNoStore)
	_, err = state.View{}.GetState(t.Context(), "x")
	assert.ErrorIs(t, err, state.ErrNoStore)
}

func TestAViewIsNoWriter(t *testing.T) {
	t.Parallel()
	var r state.Reader = (&state.Store{}).ReadOnly()
	_, writes := r.(state.Writer)
	_, removes := r.(state.Remover)
	assert.False(t, writes || removes)
}

func TestNewRefusesClientsAndOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = client.Close() })
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	t.Cleanup(func() { _ = ring.Close() })
	pipeliner, err := client.AutoPipeline()
	require.NoError(t, err)
	t.Cleanup(func() { _ = pipeliner.Close() })
	var nilClient *redis.Client

	for _, c := range []struct {
		want    string
		client  redis.UniversalClient
		options state.Options
	}{
		{"the client is nil", nil, state.Options{}},
		{"the client is nil", nilClient, state.Options{}},
		{"*redis.Ring", ring, state.Options{}},
		{"*redis.AutoPipeliner", pipeliner, state.Options{}},
		{"Options.Redis is for Open", client, state.Options{Redis: &redis.UniversalOptions{}}},
		{`does not end in ":"`, client, state.Options{Prefix: "a"}},
		{"empty segment", client, state.Options{Prefix: "a::"}},
		{"literal segments alone", client, state.Options{Prefix: "a:<b>:"}},
		{"literal segments alone", client, state.Options{Prefix: "a:{b}:"}},
		{`'*' is not allowed in a literal`, client, state.Options{Prefix: "*:"}},
		{`'~' is not allowed in a literal`, client, state.Options{Prefix: "~a:"}},
		{"Options.MaxKeyBytes is 4097", client, state.Options{MaxKeyBytes: 4097}},
		{"Options.MaxKeyBytes is -1", client, state.Options{MaxKeyBytes: -1}},
		{"Options.MaxValueBytes is -1", client, state.Options{MaxValueBytes: -1}},
	} {
		_, err := state.New(c.client, c.options)
		assert.ErrorContains(t, err, c.want)
	}
	_, err = state.New(client, state.Options{Prefix: "user-service:state:", MaxKeyBytes: 4096})
	assert.NoError(t, err)
	_, err = state.New(struct{ redis.UniversalClient }{client}, state.Options{})
	assert.NoError(t, err, "a client may be wrapped")
}

func TestOpenTakesOneSourceOfTruth(t *testing.T) {
	t.Parallel()
	_, err := state.Open(t.Context(), "", state.Options{})
	assert.ErrorContains(t, err, "neither a URL nor Options.Redis")
	_, err = state.Open(t.Context(), "redis://127.0.0.1:1", state.Options{Redis: &redis.UniversalOptions{}})
	assert.ErrorContains(t, err, "both a URL and Options.Redis")
	_, err = state.Open(t.Context(), "redis://127.0.0.1:1", state.Options{Prefix: "x"})
	assert.ErrorContains(t, err, "Options.Prefix")
}

func TestOpenReachesAServerByURLAndByOptions(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithPassword("s3cret"))

	store, err := state.Open(t.Context(), srv.URL(), state.Options{EnableSet: true})
	require.NoError(t, err)
	require.NoError(t, sessions.Key("1").Set(t.Context(), store, session{User: "a"}))
	client, ok := store.Client().(*redis.Client)
	require.True(t, ok)
	assert.True(t, client.Options().ContextTimeoutEnabled)
	require.NoError(t, store.Close())
	require.NoError(t, store.Close())
	assert.ErrorIs(t, client.Ping(t.Context()).Err(), redis.ErrClosed)

	given := &redis.UniversalOptions{Addrs: []string{srv.Addr()}, Password: "s3cret"}
	store, err = state.Open(t.Context(), "", state.Options{Redis: given})
	require.NoError(t, err)
	v, err := sessions.Key("1").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, "a", v.User)
	require.NoError(t, store.Close())
	assert.False(t, given.ContextTimeoutEnabled, "the caller's options must stay as they are")

	_, err = state.Open(t.Context(), "redis://"+srv.Addr(), state.Options{})
	assert.ErrorIs(t, err, state.ErrPermission)
}

func TestAPrintedStoreNamesNoTenant(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = client.Close() })
	store, err := state.New(client, state.Options{})
	require.NoError(t, err)
	tenant := store.Tenant(canary)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %v", tenant, tenant, tenant, tenant, tenant.ReadOnly()), canary)
}

// TestASlidingReadIsARead reads from a server that takes no writes just now.
func TestASlidingReadIsARead(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	store, err := state.Open(t.Context(), srv.URL(), state.Options{EnableSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	sliding := state.Define("slide:<id>", state.FamilyOptions[int]{TTL: time.Hour, Sliding: true})
	require.NoError(t, sliding.Key("1").Set(t.Context(), store, 7))
	require.NoError(t, store.Client().(*redis.Client).ConfigSet(t.Context(), "min-replicas-to-write", "1").Err())

	v, err := sliding.Key("1").Get(t.Context(), store)
	require.NoError(t, err, "what cannot be extended can be read")
	assert.Equal(t, 7, v)
}
