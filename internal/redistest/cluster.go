package redistest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Cluster is a Redis Cluster of nodes on this machine. Its methods that take a
// context return errors and may be called from any goroutine, though those
// that change the cluster one at a time; none takes longer than half a minute,
// whatever the context.
type Cluster struct {
	nodes []*Server
}

// StartCluster starts a cluster and returns it when all nodes agree and all
// replicas are linked. The options go to each node; a node that does not hear
// from another for a second takes it for dead unless they say otherwise. It
// takes three masters for the cluster to replace one that died by itself.
//
// [Server.Kill], [Server.Pause] and their counterparts work on each of
// [Cluster.Nodes]; a node that restarts knows the cluster still.
func StartCluster(tb TB, masters, replicas int, opts ...Option) *Cluster {
	tb.Helper()
	Require(tb)
	s := newSettings(append([]Option{WithConfig(
		"cluster-enabled yes",
		"cluster-config-file nodes.conf",
		// Without it a node learns its own address when another greets it.
		"cluster-announce-ip 127.0.0.1",
		"cluster-node-timeout 1000",
		"cluster-replica-validity-factor 0",
		// A replica stays with the master that it was given to.
		"cluster-migration-barrier 100",
	)}, opts...))
	if s.tls {
		tb.Fatalf("redistest: start cluster: WithTLS is for a single server")
	}
	if masters < 1 || replicas < 0 {
		tb.Fatalf("redistest: start cluster: %d masters with %d replicas each", masters, replicas)
	}
	s.lines = append(s.lines, s.masterAuth()...)

	c := new(Cluster)
	for range masters * (1 + replicas) {
		c.nodes = append(c.nodes, newServer(tb, s))
	}
	err := startAll(c.nodes)
	if err == nil {
		err = c.form(masters)
	}
	if err != nil {
		tb.Fatalf("redistest: start cluster: %v", err)
	}
	return c
}

// form makes a cluster of nodes that do not know each other yet. The first
// ones become the masters, and the others their replicas in turn.
func (c *Cluster) form(masters int) error {
	ctx, cancel := context.WithTimeout(context.Background(), actLimit)
	defer cancel()
	ids := make([]string, masters)
	for i, n := range c.nodes {
		if err := n.do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1); err != nil {
			return err
		}
		// Each greets each: hearsay takes a second longer.
		for _, other := range c.nodes[:i] {
			if err := n.do(ctx, "CLUSTER", "MEET", "127.0.0.1", other.port); err != nil {
				return err
			}
		}
		if i >= masters {
			continue
		}
		from, to := slotCount*i/masters, slotCount*(i+1)/masters-1
		if err := n.do(ctx, "CLUSTER", "ADDSLOTSRANGE", from, to); err != nil {
			return err
		}
		var err error
		if ids[i], err = n.id(ctx); err != nil {
			return err
		}
	}
	if err := until(ctx, func() error { return c.acquainted(ctx) }); err != nil {
		return err
	}
	for i, n := range c.nodes[masters:] {
		if err := n.do(ctx, "CLUSTER", "REPLICATE", ids[i%masters]); err != nil {
			return err
		}
	}
	return c.Settled(ctx)
}

// acquainted returns an error until each node knows each.
func (c *Cluster) acquainted(ctx context.Context) error {
	for _, n := range c.nodes {
		err := n.ask(ctx, func(ctx context.Context, rdb *redis.Client) error {
			known, err := rdb.ClusterNodes(ctx).Result()
			if err != nil {
				return err
			}
			if strings.Count(known, "\n") != len(c.nodes) || strings.Contains(known, "handshake") {
				return errors.New("the nodes do not know each other yet")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// id returns the node's name within the cluster.
func (s *Server) id(ctx context.Context) (id string, err error) {
	err = s.ask(ctx, func(ctx context.Context, rdb *redis.Client) error {
		id, err = rdb.ClusterMyID(ctx).Result()
		return err
	})
	return id, err
}

// masterAuth returns the lines with which a replica logs in to its master.
func (s *settings) masterAuth() []string {
	if s.password == "" {
		return nil
	}
	return []string{"masterauth " + strconv.Quote(s.password)}
}

// Nodes returns all nodes, those that were started as masters first.
func (c *Cluster) Nodes() []*Server { return append([]*Server(nil), c.nodes...) }

// Options returns new options for a client of the cluster, which knows all
// nodes. They follow the context's deadline and send nothing that the test did
// not ask for; how often a client follows redirections and repeats is left to
// go-redis.
func (c *Cluster) Options() *redis.ClusterOptions {
	opts := &redis.ClusterOptions{
		Password:                 c.nodes[0].settings.password,
		ContextTimeoutEnabled:    true,
		DialTimeout:              2 * time.Second,
		DialerRetries:            1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	for _, n := range c.nodes {
		opts.Addrs = append(opts.Addrs, n.Addr())
	}
	return opts
}

// Client returns a new client with [Cluster.Options], closed at the end of the
// test.
func (c *Cluster) Client(tb TB) *redis.ClusterClient {
	tb.Helper()
	rdb := redis.NewClusterClient(c.Options())
	tb.Cleanup(func() { closeQuietly(rdb) })
	return rdb
}

// at returns the node that listens at addr.
func (c *Cluster) at(addr string) (*Server, error) {
	for _, n := range c.nodes {
		if n.Addr() == addr {
			return n, nil
		}
	}
	return nil, fmt.Errorf("no node at %q", addr)
}
