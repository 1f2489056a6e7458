package ratelimit_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// holding is the time for which a process of a crowd takes its permit for valid.
type holding struct {
	asked, begun, ended time.Time
	fence               int64
}

// A crowd takes, keeps, gives back and dies, while replies are lost. There are never more
// holders than permits, as far as the holders themselves can tell, and fencing numbers grow.
func TestNeverMoreHoldersThanPermits(t *testing.T) {
	t.Parallel()
	const permits = 5
	crowd := ratelimit.DefineSemaphore[string]("crowd:<id>", permits, 100*time.Millisecond)
	srv := redistest.Start(t)
	l := loseReplies(t, srv)
	s := semaphoreOf(t, l.store, crowd)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	const enough = 60
	var mu sync.Mutex
	var holdings []holding
	hold := func() {
		asked := time.Now()
		p, err := s.Acquire(ctx, "a")
		if err != nil { // it is over, or the machine too busy for so short a lease
			return
		}
		h := holding{asked: asked, begun: time.Now(), fence: p.Fence()}
		inside, leave := p.Context(ctx)
		defer leave()
		select { // past the end of the first lease, sometimes
		case <-time.After(rand.N(150 * time.Millisecond)):
		case <-inside.Done():
		}
		dies := rand.N(4) == 0
		if dies {
			ratelimit.Kill(p)
		}
		// The others learn of a death when the lease ends, and a busy machine tells a
		// holder late.
		if h.ended = ratelimit.TrustedUntil(p); !dies {
			if now := time.Now(); now.Before(h.ended) {
				h.ended = now
			}
			_, err := p.Release(context.WithoutCancel(ctx))
			assert.NoError(t, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if holdings = append(holdings, h); len(holdings) == enough {
			cancel()
		}
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for ctx.Err() == nil {
				hold()
			}
		})
	}
	admin := srv.Client(t)
	all.Go(func() {
		for ctx.Err() == nil {
			l.lost.Store(1)
			left, err := admin.PTTL(t.Context(), "t:crowd:a").Result()
			assert.NoError(t, err)
			assert.NotEqual(t, time.Duration(-1), left, "the key would stay for ever")
			time.Sleep(5 * time.Millisecond)
		}
	})
	all.Wait()
	l.lost.Store(0)

	require.GreaterOrEqual(t, len(holdings), enough)
	most := mostAtOnce(holdings)
	assert.LessOrEqual(t, most, permits)
	assert.Greater(t, most, 1, "they do overlap")
	slices.SortFunc(holdings, func(a, b holding) int { return cmp.Compare(a.fence, b.fence) })
	var last holding // with the latest asked of all so far
	for i, h := range holdings {
		require.True(t, i == 0 || holdings[i-1].fence < h.fence)
		require.False(t, h.begun.Before(last.asked), "a permit that was there before another was asked for has the smaller number")
		if h.asked.After(last.asked) {
			last = h
		}
	}
}

// mostAtOnce returns how many holdings overlap at most.
func mostAtOnce(holdings []holding) (most int) {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, h := range holdings {
		if h.begun.Before(h.ended) {
			edges = append(edges, edge{h.begun, 1}, edge{h.ended, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	var now int
	for _, e := range edges {
		now += e.step
		most = max(most, now)
	}
	return most
}
