package main

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

// killer ends subscription connections, from the side of the servers.
type killer struct{ nodes []*redis.Client }

func (b *bench) killer(nodes []*redistest.Server) *killer {
	k := &killer{}
	for _, s := range nodes {
		k.nodes = append(k.nodes, s.Client(b.tb))
	}
	return k
}

// one ends a connection, of a node that is chosen at random among those that have
// some, and reports whether there was one.
func (k *killer) one(ctx context.Context, r *rand.Rand) bool {
	for _, i := range r.Perm(len(k.nodes)) {
		if ids := k.connections(ctx, k.nodes[i]); len(ids) > 0 {
			return k.end(ctx, k.nodes[i], ids[r.IntN(len(ids))])
		}
	}
	return false
}

// all ends all of them and returns how many there were.
func (k *killer) all(ctx context.Context) (n int64) {
	for _, node := range k.nodes {
		for _, id := range k.connections(ctx, node) {
			if k.end(ctx, node, id) {
				n++
			}
		}
	}
	return n
}

func (*killer) end(ctx context.Context, node *redis.Client, id string) bool {
	n, err := node.ClientKillByFilter(ctx, "ID", id).Result()
	return err == nil && n > 0
}

// standing returns how many there are.
func (k *killer) standing(ctx context.Context) (n int64) {
	for _, node := range k.nodes {
		n += int64(len(k.connections(ctx, node)))
	}
	return n
}

// connections returns those of a node, without those by which sentinels find each
// other.
func (*killer) connections(ctx context.Context, node *redis.Client) (ids []string) {
	list, err := node.Do(ctx, "CLIENT", "LIST", "TYPE", "pubsub").Text()
	if err != nil {
		return nil // it is down, or about to be
	}
	for line := range strings.Lines(list) {
		id, found := strings.CutPrefix(strings.Fields(line)[0], "id=")
		if found && !strings.Contains(line, " name=sentinel-") {
			ids = append(ids, id)
		}
	}
	return ids
}
