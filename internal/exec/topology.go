package exec

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// reloadLimit bounds one look at the Cluster: the node that is asked may be
	// the one that is gone, and the next look asks another.
	reloadLimit = 500 * time.Millisecond
	// reloadPause is the least time between two looks.
	reloadPause = 50 * time.Millisecond
	// troubleLasts is how long after the last sign of it there may be trouble.
	troubleLasts = 10 * time.Second
)

// topology knows which node of a Cluster owns a key. go-redis by itself looks
// only every minute and after redirections, which a dead node does not send
// (https://github.com/redis/go-redis/issues/3979).
type topology struct {
	client *redis.ClusterClient

	mu      sync.Mutex
	running chan struct{} // closed when the look under way has ended
	ended   time.Time

	loaded atomic.Bool  // the client knows some owners
	sign   atomic.Int64 // when a call last failed or took long, in Unix nanoseconds
}

// masters returns the clients of all masters, after a new look at the Cluster. It
// returns with ctx, whatever the client does.
func (t *topology) masters(ctx context.Context) ([]*redis.Client, error) {
	type found struct {
		masters []*redis.Client
		err     error
	}
	done := make(chan found, 1)
	go func() {
		var mu sync.Mutex
		var f found
		f.err = t.client.ForEachMaster(ctx, func(_ context.Context, client *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			f.masters = append(f.masters, client)
			return nil
		})
		done <- f
	}()
	select {
	case f := <-done:
		if f.err == nil {
			t.loaded.Store(true)
		}
		return f.masters, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// load has the client know some owners, so that to ask for one takes no time.
func (t *topology) load(ctx context.Context) error {
	if t.loaded.Load() {
		return nil
	}
	_, err := t.masters(ctx)
	return err
}

// trouble notes a sign that a node may be dead.
func (t *topology) trouble() { t.sign.Store(time.Now().UnixNano()) }

// troubled reports whether a node may be dead.
func (t *topology) troubled() bool {
	sign := t.sign.Load()
	return sign != 0 && time.Now().UnixNano()-sign < int64(troubleLasts)
}

// reload has the client learn who owns what, unless it just has. Callers share
// one look.
func (t *topology) reload(ctx context.Context) {
	t.mu.Lock()
	if t.running == nil {
		if time.Since(t.ended) < reloadPause {
			t.mu.Unlock()
			return
		}
		t.running = make(chan struct{})
		go t.look(t.running) //nolint:gosec // it is for other callers too, whose contexts go on
	}
	running := t.running
	t.mu.Unlock()
	select {
	case <-running:
	case <-ctx.Done():
	}
}

func (t *topology) look(done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), reloadLimit)
	defer cancel()
	// ReloadState would return at once and hold back the next for 200 ms.
	_, _ = t.masters(ctx) // what it does not find the next look may
	t.mu.Lock()
	t.running, t.ended = nil, time.Now()
	t.mu.Unlock()
	close(done)
}

// splits reports whether go-redis would make commands of its own of the call, one
// for each slot of its keys, as it does for some commands with the resolver of
// [redis.ClusterClient.NewDynamicResolver]. Those would be repeated.
func (t *topology) splits(ctx context.Context, one *call) bool {
	if t == nil || one.cmd.name != "unlink" && one.cmd.name != "exists" {
		return false
	}
	resolver := t.client.GetResolver()
	if resolver == nil {
		return false
	}
	policy := resolver.GetCommandPolicy(ctx, one.request)
	return policy != nil && !policy.CanBeUsedInPipeline()
}

// byOwner returns the calls by the node that each goes to, as far as is known.
func (t *topology) byOwner(ctx context.Context, calls []*call) map[*redis.Client][]*call {
	groups := make(map[*redis.Client][]*call, 3)
	for _, one := range calls {
		owner, err := t.client.MasterForKey(ctx, one.cmd.routingKey())
		if err != nil {
			owner = nil
		}
		groups[owner] = append(groups[owner], one)
	}
	return groups
}
