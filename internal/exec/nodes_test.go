package exec_test

import (
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
