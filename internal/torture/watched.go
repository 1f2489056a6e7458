package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

// longestBlackout is how long the way of the watchers to the server is dark.
const longestBlackout = 300 * time.Millisecond

// watchSingle has watchers watch one server. Besides their connections, the way to it
// breaks: what is sent vanishes for a while, and so do announcements.
func watchSingle(b *bench) {
	server := redistest.Start(b.tb)
	link := redistest.StartRawProxy(b.tb, server.Addr())
	direct := b.through(server, server.Addr())
	w := b.watching("single", direct, b.through(server, link.Addr()), []*redistest.Server{server})
	w.act = func(ctx context.Context, _ int, r *rand.Rand) error {
		link.Blackhole(true)
		defer link.Blackhole(false)
		pause(ctx, time.Duration(r.Int64N(int64(longestBlackout))))
		return nil
	}
	share := b.share
	if !b.brief {
		share -= b.share / 4
	}
	w.tell(w.run(share))
	if !b.brief {
		b.stall(direct, b.share/4, stalledWrites)
	}
}

// watchSentinel has watchers watch a master that hands over now and then.
func watchSentinel(b *bench) {
	d := redistest.StartSentinel(b.tb, 2, 3, redistest.WithConfig(patience))
	client := func() redis.UniversalClient {
		o := d.Options()
		o.MaxRetries, o.PoolSize = 0, 32
		c := redis.NewFailoverClient(o)
		b.tb.Cleanup(func() { _ = c.Close() })
		return c
	}
	w := b.watching("sentinel", client(), client(), d.Servers())
	b.streaming(w.writes, 2)
	w.lossy = true
	w.act = func(ctx context.Context, round int, _ *rand.Rand) error {
		if round%2 == 1 {
			return nil
		}
		ctx = context.WithoutCancel(ctx) // what has begun is finished
		return w.doubtful(func() error {
			if err := d.Failover(ctx); err != nil {
				return err
			}
			return d.Settled(ctx)
		})
	}
	w.tell(w.run(b.share))
}

// watchCluster has watchers watch a Cluster of which slots move and masters hand
// over. One master is killed, and comes back as a replica.
func watchCluster(b *bench) {
	c := redistest.StartCluster(b.tb, 3, 1)
	client := func() redis.UniversalClient {
		o := c.Options()
		o.PoolSize = 32
		client := redis.NewClusterClient(o)
		b.tb.Cleanup(func() { _ = client.Close() })
		return client
	}
	w := b.watching("cluster", client(), client(), c.Nodes())
	w.lossy = true
	u := newUpheaval(c)
	name := func(r *rand.Rand) string {
		name, _ := w.keys[r.IntN(len(w.keys))].key.Name(w.writes)
		return name
	}
	w.act = func(ctx context.Context, round int, r *rand.Rand) error {
		if round == 1 {
			return w.doubtful(func() error { return w.replace(c, name(r)) })
		}
		for i := 0; ; i++ {
			if err := u.act(name(r), i%4 == 1); err != nil {
				return err
			}
			if !pause(ctx, time.Duration(100+r.IntN(400))*time.Millisecond) {
				return nil
			}
		}
	}
	w.tell(w.run(b.share))
	b.out.set("watch_moves", u.moves)
	b.out.set("watch_failovers", u.failovers)
}

// replace kills the master of a key and brings it back when another is in its place.
func (w *watching) replace(c *redistest.Cluster, key string) error {
	ctx := context.Background()
	victim, err := c.Owner(key)
	if err != nil {
		return err
	}
	if err := victim.TryKill(); err != nil {
		return err
	}
	if _, err := c.AwaitOwnerChange(ctx, key, victim); err != nil {
		return err
	}
	if err := victim.TryRestart(); err != nil {
		return err
	}
	return c.Settled(ctx)
}
