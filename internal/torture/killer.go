package main

import (
	"context"
	"fmt"
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
		ids := k.connections(ctx, k.nodes[i])
		if len(ids) == 0 {
			continue
		}
		n, err := k.nodes[i].ClientKillByFilter(ctx, "ID", ids[r.IntN(len(ids))]).Result()
		return err == nil && n > 0
	}
	return false
}

// all ends all of them and returns how many there were.
func (k *killer) all(ctx context.Context) (n int64) {
	for _, node := range k.nodes {
		killed, err := node.ClientKillByFilter(ctx, "TYPE", "pubsub").Result()
		if err == nil {
			n += killed
		}
	}
	return n
}

// standing returns how many there are.
func (k *killer) standing(ctx context.Context) (n int64) {
	for _, node := range k.nodes {
		n += int64(len(k.connections(ctx, node)))
	}
	return n
}

func (k *killer) connections(ctx context.Context, node *redis.Client) (ids []string) {
	list, err := node.Do(ctx, "CLIENT", "LIST", "TYPE", "pubsub").Text()
	if err != nil {
		return nil // it is down, or about to be
	}
	for line := range strings.Lines(list) {
		var id int64
		if _, err := fmt.Sscanf(line, "id=%d ", &id); err == nil {
			ids = append(ids, fmt.Sprint(id))
		}
	}
	return ids
}
