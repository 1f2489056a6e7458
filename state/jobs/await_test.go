package jobs_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// late is how late who waits may be when no message arrives.
const late = 2 * time.Second

// TestWhoWaitsIsOnTimeWithoutMessages waits as a user who may listen to nothing.
func TestWhoWaitsIsOnTimeWithoutMessages(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("deaf", "pw", "~*", "resetchannels", "+@all"))
	f := define(func(o *jobs.FamilyOptions) { o.Lease = time.Minute })
	tr, deaf := trackerOn(t, srv.Client(t), "t:", f), trackerOn(t, srv.ClientAs(t, "deaf"), "t:", f)
	var wg sync.WaitGroup
	for i := range 20 {
		key := strconv.Itoa(i)
		create(t, tr, key)
		run := start(t, tr, key)
		wg.Go(func() {
			s, err := deaf.Await(t.Context(), key)
			assert.NoError(t, err)
			assert.Less(t, time.Since(s.Finished), late)
		})
		wg.Go(func() {
			for s, err := range deaf.Watch(t.Context(), key) {
				assert.NoError(t, err)
				if s.State.Final() {
					assert.Less(t, time.Since(s.Finished), late)
				}
			}
		})
		time.AfterFunc(time.Duration(i)*100*time.Millisecond, func() { assert.NoError(t, run.Succeed(context.Background(), report{})) })
	}
	wg.Wait()
}

// TestWhoWaitsIsOnTimeWhereConnectionsBreak loses the replies to the reads of those who
// wait.
func TestWhoWaitsIsOnTimeWhereConnectionsBreak(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = time.Minute }))
	create(t, tr, "1")
	run := start(t, tr, "1")
	var n int
	var mu sync.Mutex
	setFault(func(request []string) redistest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%2 == 0 && (request[0] == "HMGET" || request[0] == "SUBSCRIBE") {
			return redistest.DropReply
		}
		return redistest.Pass
	})
	time.AfterFunc(time.Second, func() { assert.NoError(t, run.Succeed(context.Background(), report{})) })
	s, err := tr.Await(t.Context(), "1")
	require.NoError(t, err)
	assert.Less(t, time.Since(s.Finished), late)
}

// TestWhoWaitsLearnsThatTheStoreIsClosed closes the store of one who waits.
func TestWhoWaitsLearnsThatTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	store, err := state.New(server.Client(), state.Options{EnableSet: true})
	require.NoError(t, err)
	tr, err := jobs.New(store, define(), jobs.Options{})
	require.NoError(t, err)
	create(t, tr, "1")
	run := start(t, tr, "1")
	time.AfterFunc(50*time.Millisecond, func() { assert.NoError(t, store.Close()) })
	_, err = tr.Await(t.Context(), "1")
	require.ErrorIs(t, err, state.ErrClosed)
	<-run.Context().Done()
	require.ErrorIs(t, context.Cause(run.Context()), jobs.ErrLeaseLost)
	require.ErrorIs(t, run.Succeed(t.Context(), report{}), state.ErrClosed)
}

// TestAWatchThatNobodyWantsEnds breaks off and gives up.
func TestAWatchThatNobodyWantsEnds(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	tr := trackerOn(t, server.Client(), "t:", define())
	create(t, tr, "1")
	n := 0
	for range tr.Watch(t.Context(), "1") {
		n++
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, err := range tr.Watch(ctx, "1") {
		if n++; n == 3 {
			require.ErrorIs(t, err, context.Canceled)
			continue
		}
		require.NoError(t, err)
		cancel()
	}
	cancel()
	assert.Equal(t, 3, n)
	for _, err := range tr.Watch(t.Context(), "none") {
		require.ErrorIs(t, err, state.ErrNotFound)
		n++
	}
	assert.Equal(t, 4, n)
}

// TestWhoGivesUpDoesNotWaitForTheServer stops the server under one who waits.
func TestWhoGivesUpDoesNotWaitForTheServer(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	tr := trackerOn(t, client, "t:", define())
	create(t, tr, "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, begun := 0, time.Now()
	for _, err := range tr.Watch(ctx, "1") {
		if n++; n == 1 {
			require.NoError(t, err)
			stall := func(request []string) redistest.Fault {
				if request[0] == "HMGET" || isScript(request) {
					return redistest.StallReply
				}
				return redistest.Pass
			}
			setFault(stall)
			time.AfterFunc(time.Second, cancel)
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 2, n)
	assert.Less(t, time.Since(begun), 2*time.Second)
	setFault(nil)
}
