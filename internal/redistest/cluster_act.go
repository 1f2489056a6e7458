package redistest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Failover makes a replica take over from the master of the key's slot, which
// loses nothing, and returns when all nodes that are up agree on the new one.
//
// A node that gives up a shard and is given it back within four seconds loses what
// it acknowledges at first: Redis 7.0 still counts the votes of the last election,
// and lets it begin before the others know.
func (c *Cluster) Failover(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	slot := Slot(key)
	old, err := c.owner(ctx, slot)
	if err != nil {
		return fmt.Errorf("failover: %w", err)
	}
	var asked time.Time
	err = until(ctx, func() error {
		owner, err := c.agreed(ctx, slot)
		if err != nil || owner != old {
			return err
		}
		// A request is silently dropped where the nodes did not yet hear of
		// each other after a restart, and gives up after five seconds.
		if time.Since(asked) > time.Second {
			r, err := c.ReplicaOf(old)
			if err != nil {
				return err
			}
			if err := r.do(ctx, "CLUSTER", "FAILOVER"); err != nil {
				return err
			}
			asked = time.Now()
		}
		return errors.New("the replica is no master yet")
	})
	if err != nil {
		return fmt.Errorf("failover: %w", err)
	}
	return nil
}

// agreed returns the owner of the slot that all nodes name that are up.
func (c *Cluster) agreed(ctx context.Context, slot int) (*Server, error) {
	var owner *Server
	for _, n := range live(c.nodes) {
		named, err := c.named(ctx, n, slot)
		if err != nil {
			return nil, err
		}
		if owner == nil {
			owner = named
		}
		if owner != named {
			return nil, fmt.Errorf("the nodes do not agree on the owner of slot %d", slot)
		}
	}
	if owner == nil {
		return nil, errDown
	}
	return owner, nil
}

// MoveSlot moves a slot with its keys to the next master, in the order of
// [Cluster.Nodes], while clients go on. It returns when all nodes that are up
// agree on the new owner. After an error the slot may be half way; the next
// call for it finishes the move.
func (c *Cluster) MoveSlot(ctx context.Context, slot int) error {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	if err := c.moveSlot(ctx, slot); err != nil {
		return fmt.Errorf("move slot %d: %w", slot, err)
	}
	return nil
}

func (c *Cluster) moveSlot(ctx context.Context, slot int) error {
	source, err := c.owner(ctx, slot)
	if err != nil {
		return err
	}
	masters, err := c.masters(ctx, source)
	if err != nil {
		return err
	}
	if len(masters) == 0 {
		return errors.New("there is no other master")
	}
	target := masters[0]
	from, err := source.id(ctx)
	if err != nil {
		return err
	}
	to, err := target.id(ctx)
	if err != nil {
		return err
	}
	if err := target.do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", from); err != nil {
		return err
	}
	if err := source.do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", to); err != nil {
		return err
	}
	if err := migrate(ctx, source, target, slot); err != nil {
		return err
	}
	// The target first: in between the slot has an owner at all times.
	for _, n := range append([]*Server{target, source}, masters[1:]...) {
		if err := n.do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", to); err != nil {
			return err
		}
	}
	return until(ctx, func() error {
		owner, err := c.agreed(ctx, slot)
		if err == nil && owner != target {
			err = errors.New("the target does not own it yet")
		}
		return err
	})
}

// masters returns the other masters with slots that the given one sees, from
// the one that follows it.
func (c *Cluster) masters(ctx context.Context, from *Server) ([]*Server, error) {
	ranges, err := from.view(ctx)
	if err != nil {
		return nil, err
	}
	serving := map[string]bool{}
	for _, r := range ranges {
		serving[r.Nodes[0].Addr] = true
	}
	var before, after []*Server
	past := false
	for _, n := range c.nodes {
		switch {
		case n == from:
			past = true
		case !serving[n.Addr()]:
		case past:
			after = append(after, n)
		default:
			before = append(before, n)
		}
	}
	return append(after, before...), nil
}

// migrate sends the keys of a slot that is open on both sides.
func migrate(ctx context.Context, source, target *Server, slot int) error {
	const batch, patience = 100, 5 * time.Second
	opts := source.Options()
	opts.PoolSize = 1
	opts.ReadTimeout = 2 * patience
	rdb := redis.NewClient(opts)
	defer closeQuietly(rdb)
	for {
		keys, err := rdb.ClusterGetKeysInSlot(ctx, slot, batch).Result()
		if err != nil || len(keys) == 0 {
			return err
		}
		// After a MIGRATE that timed out a key may be on both sides, and until
		// it has left the source that one is the newer.
		args := []any{"MIGRATE", "127.0.0.1", strconv.Itoa(target.port), "", 0, patience.Milliseconds(), "REPLACE"}
		if p := target.settings.password; p != "" {
			args = append(args, "AUTH", p)
		}
		args = append(args, "KEYS")
		for _, k := range keys {
			args = append(args, k)
		}
		if err := rdb.Do(ctx, args...).Err(); err != nil {
			return err
		}
	}
}
