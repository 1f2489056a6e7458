package ratelimit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// noon is when the clock of a server that a test sets stands still.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// desks has leases that no test lives to renew, so that only the server's clock counts.
var desks = ratelimit.DefineSemaphore[string]("desks:<room>", 3, time.Hour)

const deskKey = "t:desks:a"

func startEmbedded(t *testing.T) (*embedded.Server, *state.Store) {
	t.Helper()
	server, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server, storeOn(t, server.Client())
}

func storeOn(t *testing.T, client redis.UniversalClient) *state.Store {
	t.Helper()
	store, err := state.New(client, state.Options{Prefix: "t:", EnableSet: true})
	require.NoError(t, err)
	return store
}

func semaphoreOf(t *testing.T, store *state.Store, f *ratelimit.SemaphoreFamily[string]) *ratelimit.Semaphore[string] {
	t.Helper()
	s, err := ratelimit.NewSemaphore(store, f)
	require.NoError(t, err)
	return s
}

func mustTake(t *testing.T, s *ratelimit.Semaphore[string]) *ratelimit.Permit {
	t.Helper()
	p, err := s.TryAcquire(t.Context(), "a")
	require.NoError(t, err)
	t.Cleanup(func() { ratelimit.Kill(p) })
	return p
}

func mustBeFull(t *testing.T, s *ratelimit.Semaphore[string]) *ratelimit.FullError {
	t.Helper()
	p, err := s.TryAcquire(t.Context(), "a")
	require.ErrorIs(t, err, ratelimit.ErrFull)
	require.Nil(t, p)
	full, ok := errors.AsType[*ratelimit.FullError](err)
	require.True(t, ok)
	return full
}

func mustRelease(t *testing.T, p *ratelimit.Permit) {
	t.Helper()
	held, err := p.Release(t.Context())
	require.NoError(t, err)
	require.True(t, held)
}

func inUse(t *testing.T, s *ratelimit.Semaphore[string]) int {
	t.Helper()
	n, err := s.InUse(t.Context(), "a")
	require.NoError(t, err)
	return n
}

// what a script of a semaphore does, as far as the number of its arguments tells.
const (
	takes    = 4
	renews   = 3
	releases = -3
)

// script returns which script a command runs, or 0.
func script(args []any) int {
	if name, _ := args[0].(string); name != "evalsha" && name != "eval" {
		return 0
	}
	if n := len(args) - 4; n != renews || args[5] != "" {
		return n
	}
	return releases
}

// meddler stands between a client and its server.
type meddler struct {
	what meddling
	mu   sync.Mutex
	seen map[int]int // the scripts that were sent
}

// meddling does something else with a script than to send it.
type meddling func(ctx context.Context, script int, send func() error) error

// meddle has what, if it is not nil, send the scripts of a semaphore in its own way.
func meddle(client *redis.Client, what meddling) *meddler {
	if what == nil {
		what = func(_ context.Context, _ int, send func() error) error { return send() }
	}
	m := &meddler{what: what, seen: map[int]int{}}
	client.AddHook(m)
	return m
}

// count returns how often a script was sent to a server that knew it.
func (m *meddler) count(script int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[script]
}

func (m *meddler) add(script, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[script] += n
}

func (*meddler) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *meddler) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s := script(cmd.Args())
		if s == 0 {
			return next(ctx, cmd)
		}
		m.add(s, 1)
		err := m.what(ctx, s, func() error { return next(ctx, cmd) })
		if err != nil && cmd.Err() == nil {
			cmd.SetErr(err)
		}
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			m.add(s, -1)
		}
		return err
	}
}

func (*meddler) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
