package state_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// conformanceCases holds the cases of all conformance_*_test.go files.
var conformanceCases = map[string]func(*testing.T, bench){}

// conform adds a case that every deployment must pass. It returns the name, as a
// package variable needs a value.
func conform(name string, run func(*testing.T, bench)) string {
	conformanceCases[name] = run
	return name
}

// TestConformance runs every case on every deployment, once as it comes and once
// with all calls in round trips that they share. A case has a prefix of its own, so
// that all run on one server at the same time.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, d := range deployment.All(neededCommands(t, "single")...) {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			client, admin := d.Start(t)
			for name, run := range conformanceCases {
				for _, shares := range []bool{false, true} {
					b := bench{client: client, admin: admin, prefix: strings.ReplaceAll(name, " ", "-") + ":", shares: shares}
					title := name
					if shares {
						title, b.prefix = name+", shared", "shared:"+b.prefix
					}
					t.Run(title, func(t *testing.T) {
						t.Parallel()
						run(t, b)
					})
				}
			}
		})
	}
}

// TestEmbeddedLimits prints what the cases cannot show on the embedded server.
func TestEmbeddedLimits(t *testing.T) {
	t.Parallel()
	for _, limit := range embedded.Limits() {
		t.Logf("embedded: %s: %s", limit.Feature, limit.Detail)
	}
}

// bench is what a case works on.
type bench struct {
	client redis.UniversalClient
	admin  redis.UniversalClient // sees what the client may not
	prefix string
	shares bool // all calls share round trips
}

// all may do everything.
func (b bench) all(t *testing.T) *state.Store {
	return b.open(t, state.Options{EnableSet: true, EnableRemove: true})
}

func (b bench) open(t *testing.T, o state.Options) *state.Store {
	t.Helper()
	o.Prefix = b.prefix
	s, err := state.New(b.client, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	if b.shares {
		state.ShareAll(s)
	}
	return s
}

// counting returns a client that counts the commands of the one that it was
// made from.
func (b bench) counting(t *testing.T) (bench, *atomic.Int64) {
	t.Helper()
	var sent atomic.Int64
	switch c := b.client.(type) {
	case *redis.Client:
		b.client = redis.NewClient(c.Options())
	case *redis.ClusterClient:
		b.client = redis.NewClusterClient(c.Options())
	default:
		t.Fatalf("no way to copy a %T", c)
	}
	b.client.AddHook(counter{&sent})
	t.Cleanup(func() { _ = b.client.Close() })
	return b, &sent
}

type counter struct{ sent *atomic.Int64 }

func (c counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.sent.Add(1)
		return next(ctx, cmd)
	}
}

func (c counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.sent.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// scanned returns the names of all keys that match, from all masters.
func scanned(t *testing.T, client redis.UniversalClient, match string) (names []string) {
	t.Helper()
	one := func(ctx context.Context, c redis.Cmdable) error {
		all := c.Scan(ctx, 0, match, 1000).Iterator()
		for all.Next(ctx) {
			names = append(names, all.Val())
		}
		return all.Err()
	}
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		require.NoError(t, one(t.Context(), client))
		return names
	}
	var mu sync.Mutex
	require.NoError(t, cluster.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		return one(ctx, c)
	}))
	return names
}

// session is the value of most cases.
type session struct {
	User string   `json:"user"`
	Cart []string `json:"cart"`
}

// remove removes one value.
func remove(ctx context.Context, r state.Remover, k state.AnyKey) error {
	_, err := state.Remove(ctx, r, k)
	return err
}

func pair[T any](k state.Key[T], v T) state.KeyValue[T] { return state.KeyValue[T]{Key: k, Value: v} }
