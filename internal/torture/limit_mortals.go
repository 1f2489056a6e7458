package main

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

// mortals looks for keys without an end.
type mortals struct {
	servers           []*redis.Client
	sampled, immortal atomic.Int64
}

// watch looks at the given keys and at some others, again and again.
func (m *mortals) watch(ctx context.Context, keys []string) {
	const others = 20
	for pause(ctx, 20*time.Millisecond) {
		for _, s := range m.servers {
			p := s.Pipeline()
			for range others {
				p.RandomKey(ctx)
			}
			some := keys
			found, _ := p.Exec(ctx) // an empty database has none
			for _, f := range found {
				if name, err := f.(*redis.StringCmd).Result(); err == nil {
					some = append(slices.Clip(some), name)
				}
			}
			m.look(ctx, s, some)
		}
	}
}

// all looks at all keys.
func (m *mortals) all(ctx context.Context) error {
	for _, s := range m.servers {
		var keys []string
		each := s.Scan(ctx, 0, "*", 1000).Iterator()
		for each.Next(ctx) {
			keys = append(keys, each.Val())
		}
		if err := each.Err(); err != nil {
			return err
		}
		m.look(ctx, s, keys)
	}
	return nil
}

func (m *mortals) look(ctx context.Context, s *redis.Client, keys []string) {
	p := s.Pipeline()
	for _, k := range keys {
		p.PTTL(ctx, k)
	}
	left, _ := p.Exec(ctx) // on a Cluster it serves some of them
	for _, l := range left {
		ttl, err := l.(*redis.DurationCmd).Result()
		if err != nil || ttl == -2 {
			continue
		}
		m.sampled.Add(1)
		if ttl == -1 {
			m.immortal.Add(1)
		}
	}
}

// mortals returns one that looks at the servers.
func (b *bench) mortals(servers []*redistest.Server) *mortals {
	m := &mortals{}
	for _, s := range servers {
		m.servers = append(m.servers, s.Client(b.tb))
	}
	return m
}
