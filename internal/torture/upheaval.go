package main

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/internal/redistest"
)

// reelection is how long a replica must not be promoted again. Until twice its
// election timeout of two seconds has passed, Redis 7.0 counts the votes of the
// election before for a new CLUSTER FAILOVER: the replica takes itself for the
// master at once, with an epoch that nobody else accepts, and for about 50 ms
// acknowledges writes that are then lost.
const reelection = 5 * time.Second

// upheaval changes a Cluster while callers work, and loses nothing. It is for one
// goroutine.
type upheaval struct {
	cluster  *redistest.Cluster
	promoted map[*redistest.Server]time.Time

	failovers, moves, failed int64
}

func newUpheaval(c *redistest.Cluster) *upheaval {
	return &upheaval{cluster: c, promoted: map[*redistest.Server]time.Time{}}
}

// act has the master of the key hand over, if that is asked for and possible, and
// moves the key's slot otherwise. What has begun is finished, as the Cluster would
// stay half way.
func (u *upheaval) act(key string, failover bool) error {
	ctx := context.Background()
	var heir *redistest.Server
	if failover {
		heir = u.heir(key)
	}
	var err error
	if heir != nil {
		u.failovers++
		err = u.cluster.Failover(ctx, key)
		u.promoted[heir] = time.Now()
	} else {
		u.moves++
		err = u.cluster.MoveSlot(ctx, redistest.Slot(key))
	}
	if err != nil {
		u.failed++
	}
	return err
}

// heir returns the replica that would be promoted, or nil if that must not be.
func (u *upheaval) heir(key string) *redistest.Server {
	owner, err := u.cluster.Owner(key)
	if err != nil {
		return nil
	}
	heir, err := u.cluster.ReplicaOf(owner)
	if err != nil || time.Since(u.promoted[heir]) < reelection {
		return nil
	}
	return heir
}
