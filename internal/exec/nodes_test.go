package exec_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

func TestLayoutIsTheClientsView(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0)
	client := c.Client(t)
	e := exec.New(client)
	ctx := within(t, 20*time.Second)
	layout, err := e.Layout(ctx, nil)
	require.NoError(t, err)
	assert.Len(t, layout.Nodes(), 3)
	keys := []string{"a", "{}x", "{tag}x", "x{tag}{y}", "{{a}}", "k:1", "k:2", "k:3", "a}b{c}", "\xff\x00"}
	for _, key := range keys {
		owner, err := client.MasterForKey(ctx, key)
		require.NoError(t, err)
		assert.Equal(t, exec.Node(owner), layout.Owner(key), "%q", key)
		assert.Equal(t, redistest.Slot(key), exec.SlotOf(key), "%q", key)
	}
	same, err := e.Layout(ctx, layout)
	require.NoError(t, err)
	assert.Same(t, layout, same)

	before := layout.Owner("a")
	require.NoError(t, c.MoveSlot(ctx, redistest.Slot("a")))
	var moved *exec.Layout
	require.Eventually(t, func() bool {
		e.Reload(ctx)
		moved, err = e.Layout(ctx, layout)
		return err == nil && moved != layout
	}, 5*time.Second, 50*time.Millisecond)
	assert.NotEqual(t, before, moved.Owner("a"))
	assert.Equal(t, before, layout.Owner("a"), "the old view stays as it was")
}

// artificial is a Cluster without servers, whose slots are what the last call of set
// says.
type artificial struct {
	slots atomic.Pointer[[]redis.ClusterSlot]
}

// set has each of the nodes own a range of slots, the last of which belongs to nobody.
func (a *artificial) set(nodes ...string) {
	slots := make([]redis.ClusterSlot, len(nodes))
	for i, addr := range nodes {
		slots[i] = redis.ClusterSlot{
			Start: i * 4096, End: i*4096 + 4094,
			Nodes: []redis.ClusterNode{{Addr: addr}, {Addr: "127.0.0.1:9"}},
		}
	}
	a.slots.Store(&slots)
}

func (a *artificial) client(t *testing.T) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{
		ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) { return *a.slots.Load(), nil },
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// keyOf returns a key of the slot.
func keyOf(slot int) string {
	for i := 0; ; i++ {
		if key := strconv.Itoa(i); exec.SlotOf(key) == slot {
			return key
		}
	}
}

func TestASlotThatNobodyOwnsStays(t *testing.T) {
	t.Parallel()
	var cluster artificial
	cluster.set("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4")
	client := cluster.client(t)
	e := exec.New(client)
	first, err := e.Layout(t.Context(), nil)
	require.NoError(t, err)
	seen := map[exec.Node]bool{}
	for range 200 {
		owner, err := e.Owner(t.Context(), keyOf(4095))
		require.NoError(t, err)
		seen[owner] = true
	}
	require.Greater(t, len(seen), 2, "go-redis names another each time")
	for i := range 4 {
		assert.Equal(t, first.Owner(keyOf(i*4096)), first.Owner(keyOf(i*4096+4095)), "it is with its neighbours")
	}
	assert.Len(t, first.Nodes(), 4, "no replica is an owner")
	look := func(old *exec.Layout) *exec.Layout {
		l, err := e.Layout(t.Context(), old)
		require.NoError(t, err)
		return l
	}
	for range 100 {
		require.Same(t, first, look(first))
	}

	cluster.set("127.0.0.1:2", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4")
	e.Reload(t.Context())
	second := look(first)
	b := second.Owner(keyOf(4096))
	assert.Equal(t, b, second.Owner(keyOf(0)))
	for i := 0; second.Owner(keyOf(4095)) != b; i++ {
		require.Less(t, i, 50, "its node has left")
		second = look(second) // go-redis names that one still at times
	}
	for range 100 {
		require.Same(t, second, look(second))
	}
	assert.Len(t, second.Nodes(), 3)
	assert.Len(t, first.Nodes(), 4)

	cluster.set("127.0.0.1:4", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4")
	e.Reload(t.Context())
	third := look(second)
	assert.Equal(t, third.Owner(keyOf(3*4096)), third.Owner(keyOf(0)))
	assert.Equal(t, b, third.Owner(keyOf(4095)), "only what has an owner follows it")
}

func TestAClusterThatOwnsNothingHasALayout(t *testing.T) {
	t.Parallel()
	var cluster artificial
	cluster.set("127.0.0.1:1", "127.0.0.1:2")
	e := exec.New(cluster.client(t))
	l, err := e.Layout(t.Context(), nil)
	require.NoError(t, err)
	cluster.set()
	e.Reload(t.Context())
	same, err := e.Layout(t.Context(), l)
	require.NoError(t, err)
	assert.Equal(t, l.Owner("a"), same.Owner("a"))
	none, err := e.Layout(t.Context(), nil)
	require.NoError(t, err)
	assert.NotNil(t, none.Owner("a"))
}

func TestLayoutOfASingleServer(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DB: 3})
	defer client.Close()
	e := exec.New(client)
	a, err := e.Layout(t.Context(), nil)
	require.NoError(t, err)
	b, err := e.Layout(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, a.Owner("k"), b.Owner("l"))
	assert.Equal(t, a.Nodes(), b.Nodes())
	assert.Equal(t, 3, e.DB())
	assert.False(t, e.Clustered())
	assert.Equal(t, -1, exec.New(struct{ redis.UniversalClient }{client}).DB())
}

func BenchmarkLayout(b *testing.B) {
	c := redistest.StartCluster(b, 3, 0)
	e := exec.New(c.Client(b))
	layout, err := e.Layout(b.Context(), nil)
	require.NoError(b, err)
	for b.Loop() {
		_, _ = e.Layout(b.Context(), layout)
	}
}
