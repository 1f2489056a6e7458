package redistest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ownerLimit bounds the search for a slot's owner.
const ownerLimit = time.Second

// Owner returns the master that serves the key's slot: some node that is up
// names it, and it agrees. It asks for up to a second, which is shorter than
// it takes the cluster to replace a dead master.
func (c *Cluster) Owner(key string) (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ownerLimit)
	defer cancel()
	return c.owner(ctx, Slot(key))
}

func (c *Cluster) owner(ctx context.Context, slot int) (*Server, error) {
	owner, err := first(ctx, c.nodes, func(ctx context.Context, n *Server) (*Server, error) {
		return c.named(ctx, n, slot)
	})
	if err != nil {
		return nil, fmt.Errorf("no owner of slot %d: %w", slot, err)
	}
	return owner, nil
}

// ReplicaOf returns a replica of the master whose link is up.
func (c *Cluster) ReplicaOf(master *Server) (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ownerLimit)
	defer cancel()
	r, err := first(ctx, c.nodes, func(ctx context.Context, n *Server) (*Server, error) {
		return n, n.follows(ctx, master.Addr())
	})
	if err != nil {
		return nil, fmt.Errorf("no replica of %s: %w", master.Addr(), err)
	}
	return r, nil
}

// AwaitOwnerChange returns the time at which some node that is up first named
// another owner than old of the key's slot, and that owner served it.
func (c *Cluster) AwaitOwnerChange(ctx context.Context, key string, old *Server) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	return first(ctx, c.nodes, func(ctx context.Context, n *Server) (time.Time, error) {
		owner, err := c.named(ctx, n, Slot(key))
		if err == nil && owner == old {
			err = errors.New("the owner is still the old one")
		}
		return time.Now(), err
	})
}

// named returns the owner of the slot that the node names, once that owner
// agrees, is a master and finds the cluster in order. A node that was away may
// name an old one.
func (c *Cluster) named(ctx context.Context, n *Server, slot int) (*Server, error) {
	addr, err := n.ownerAddr(ctx, slot)
	if err != nil {
		return nil, err
	}
	owner, err := c.at(addr)
	if err != nil {
		return nil, err
	}
	if err := owner.isMaster(ctx); err != nil {
		return nil, err
	}
	if addr, err = owner.ownerAddr(ctx, slot); err != nil {
		return nil, err
	}
	if addr != owner.Addr() {
		return nil, fmt.Errorf("%s does not own slot %d", owner.Addr(), slot)
	}
	return owner, owner.inOrder(ctx)
}

// ownerAddr returns where the node sees the owner of the slot.
func (s *Server) ownerAddr(ctx context.Context, slot int) (addr string, err error) {
	err = s.ask(ctx, func(ctx context.Context, rdb *redis.Client) error {
		ranges, err := rdb.ClusterSlots(ctx).Result() //nolint:staticcheck // what go-redis itself goes by
		if err != nil {
			return err
		}
		for _, r := range ranges {
			if r.Start <= slot && slot <= r.End {
				addr = r.Nodes[0].Addr
				return nil
			}
		}
		return fmt.Errorf("slot %d has no owner", slot)
	})
	return addr, err
}

// inOrder returns an error unless the node says that the cluster is up.
func (s *Server) inOrder(ctx context.Context) error {
	return s.ask(ctx, func(ctx context.Context, rdb *redis.Client) error {
		info, err := rdb.ClusterInfo(ctx).Result()
		if err == nil && !strings.Contains(info, "cluster_state:ok") {
			err = fmt.Errorf("%s says that the cluster is down", s.Addr())
		}
		return err
	})
}

// Settled waits until all nodes are up and see the same masters, replicas and
// slots, and all replicas are linked to their masters.
func (c *Cluster) Settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	if err := until(ctx, func() error { return c.settled(ctx) }); err != nil {
		return fmt.Errorf("the cluster does not settle: %w", err)
	}
	return nil
}

func (c *Cluster) settled(ctx context.Context) error {
	var agreed []redis.ClusterSlot
	for _, n := range c.nodes {
		seen, err := n.view(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Addr(), err)
		}
		if agreed == nil {
			agreed = seen
		}
		if fmt.Sprint(agreed) != fmt.Sprint(seen) {
			return fmt.Errorf("%s and %s do not agree", c.nodes[0].Addr(), n.Addr())
		}
	}
	placed := map[string]bool{}
	for _, r := range agreed {
		master, err := c.at(r.Nodes[0].Addr)
		if err != nil {
			return err
		}
		for _, n := range r.Nodes {
			if placed[n.Addr] {
				continue
			}
			placed[n.Addr] = true
			s, err := c.at(n.Addr)
			if err == nil && s != master {
				err = s.follows(ctx, master.Addr())
			}
			if err != nil {
				return err
			}
		}
		if err := master.says(ctx, "role:master", fmt.Sprintf("connected_slaves:%d", len(r.Nodes)-1)); err != nil {
			return err
		}
	}
	if len(placed) != len(c.nodes) {
		return fmt.Errorf("%d of %d nodes have a place", len(placed), len(c.nodes))
	}
	return nil
}

// view returns the slots as the node sees them, replicas in order. It is an
// error while the node finds the cluster down.
func (s *Server) view(ctx context.Context) (ranges []redis.ClusterSlot, err error) {
	if err := s.inOrder(ctx); err != nil {
		return nil, err
	}
	err = s.ask(ctx, func(ctx context.Context, rdb *redis.Client) error {
		ranges, err = rdb.ClusterSlots(ctx).Result() //nolint:staticcheck // as above
		return err
	})
	for _, r := range ranges {
		slices.SortFunc(r.Nodes[1:], func(a, b redis.ClusterNode) int { return strings.Compare(a.Addr, b.Addr) })
	}
	return ranges, err
}
