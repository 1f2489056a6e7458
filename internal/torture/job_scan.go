package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/state/jobs"
)

// jobStore is what is stored of jobs, as it is read without the library.
type jobStore struct {
	records map[string]jobRecord          // by the names of their keys
	indexes map[string]map[string]float64 // the scores of their members
	others  []string                      // keys that are neither
	endless []string                      // keys without a TTL
	errors  []string                      // what is wrong with the indexes
	counts  map[int64]int64               // of the records in each state
	drift   float64                       // by how many milliseconds a key may live longer than it should
}

// jobRecord is what a record says of itself.
type jobRecord struct {
	state, lease int64
	expires      int64 // in milliseconds since 1970
}

// tombstone is the state of what is left of a job that was deleted.
const tombstone = 0

// scanJobs reads all that is stored below the prefix of jobs.
func scanJobs(ctx context.Context, client redis.UniversalClient) (*jobStore, error) {
	s := &jobStore{records: map[string]jobRecord{}, indexes: map[string]map[string]float64{}, counts: map[int64]int64{}, drift: 1}
	if c, is := client.(*redis.ClusterClient); is {
		// Where a slot moves, the TTL of a key does not count while it is under way.
		s.drift = 1000
		var mu sync.Mutex
		return s, c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			return s.node(ctx, node)
		})
	}
	return s, s.node(ctx, client)
}

func (s *jobStore) node(ctx context.Context, node redis.Cmdable) error {
	each := node.Scan(ctx, 0, jobPrefix+"*", 1000).Iterator()
	for each.Next(ctx) {
		if err := s.key(ctx, node, each.Val()); err != nil {
			return err
		}
	}
	return each.Err()
}

func (s *jobStore) key(ctx context.Context, node redis.Cmdable, key string) error {
	expires, err := node.PExpireTime(ctx, key).Result()
	if err != nil || expires == -2 {
		return err // it is gone
	}
	if expires < 0 {
		s.endless = append(s.endless, key)
	}
	switch _, rest, tagged := strings.Cut(key, ":__{"); {
	case tagged && strings.HasSuffix(rest, "}:jobs"):
		members, err := node.ZRangeWithScores(ctx, key, 0, -1).Result()
		if err != nil {
			return err
		}
		s.indexes[key] = map[string]float64{}
		for _, m := range members {
			s.indexes[key][fmt.Sprint(m.Member)] = m.Score
		}
	case tagged && strings.HasSuffix(rest, "}"):
		fields, err := node.HMGet(ctx, key, "s", "l").Result()
		if err != nil {
			return err
		}
		r := jobRecord{expires: expires.Milliseconds()}
		state, lease := fmt.Sprint(fields[0]), fmt.Sprint(fields[1])
		if state < "0" || state > "5" || len(state) != 1 {
			s.others = append(s.others, key)
			return nil
		}
		r.state = int64(state[0] - '0')
		if r.state == int64(jobs.Running) {
			r.lease, _ = strconv.ParseInt(lease, 10, 64)
		}
		s.records[key] = r
		s.counts[r.state]++
	default:
		s.others = append(s.others, key)
	}
	return nil
}

// stateWidth is how much lies between the scores of two states.
const stateWidth = 1 << 42

// check compares the records with the indexes, and returns the keys that belong to nothing.
func (s *jobStore) check() (orphans []string) {
	orphans = slices.Concat(s.others, s.endless)
	now := time.Now().UnixMilli()
	for key, r := range s.records {
		name, tag, _ := strings.Cut(strings.TrimPrefix(key, jobPrefix), ":__{")
		index := s.indexes[jobPrefix+"job:__:__{"+tag+":jobs"]
		score, listed := index[name]
		switch until := float64(r.state)*stateWidth + float64(r.until()); {
		case r.state == tombstone && listed:
			s.errors = append(s.errors, "a deleted job is listed")
		case r.state == tombstone && r.expires-now > 11*time.Minute.Milliseconds():
			orphans = append(orphans, key)
		case r.state == tombstone:
		case !listed:
			orphans = append(orphans, key)
		case math.Abs(score-until) > s.drift:
			s.errors = append(s.errors, fmt.Sprintf("a job in state %d is listed %.0f ms from its place", r.state, score-until))
		}
	}
	for index, members := range s.indexes {
		tag := strings.TrimSuffix(strings.TrimPrefix(index, jobPrefix+"job:__"), ":jobs")
		for name, score := range members {
			_, there := s.records[jobPrefix+name+tag]
			if until := int64(score) % stateWidth; !there && until > now+1000 {
				s.errors = append(s.errors, fmt.Sprintf("a job is listed as state %d and is not there", int64(score)/stateWidth))
			}
		}
	}
	return orphans
}

// until is the time that the index tells of a record.
func (r jobRecord) until() int64 {
	if r.state == int64(jobs.Running) {
		return r.lease / 1000
	}
	return r.expires
}
