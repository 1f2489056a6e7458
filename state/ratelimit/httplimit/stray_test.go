package httplimit

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

var (
	grantedOne  = ratelimit.Decision{Allowed: true, Granted: 1}
	deniedOne   = ratelimit.Decision{}
	unknownOpen = ratelimit.Decision{Allowed: true, Source: ratelimit.FromPolicy, Err: state.ErrUnknownOutcome}
)

// serve answers a request by those checks and returns how long that took.
func serve(ctx context.Context, h http.Handler) time.Duration {
	began := time.Now()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	return time.Since(began)
}

func TestWhatMayHaveBeenTakenIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		decision ratelimit.Decision
		err      error
		refunds  int64
	}{
		"granted, and a later one denies": {grantedOne, nil, 1},
		"denied":                          {deniedOne, nil, 0},
		"unknown":                         {ratelimit.Decision{}, state.ErrUnknownOutcome, 1},
		"an error":                        {ratelimit.Decision{}, state.ErrOverloaded, 0},
		"let through by policy":           {ratelimit.Decision{Allowed: true, Source: ratelimit.FromPolicy, Err: state.ErrOverloaded}, nil, 0},
		"refused by policy":               {ratelimit.Decision{Source: ratelimit.FromPolicy, Err: state.ErrOverloaded}, nil, 0},
		"unknown, let through":            {unknownOpen, nil, 1},
		"unknown, refused":                {ratelimit.Decision{Source: ratelimit.FromPolicy, Err: state.ErrUnknownOutcome}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var refunds atomic.Int64
				h := New(Options{},
					fake(tc.decision, tc.err, func(context.Context) (bool, error) { refunds.Add(1); return true, nil }),
					fake(deniedOne, nil, nil))(http.NotFoundHandler())
				serve(t.Context(), h)
				synctest.Wait()
				assert.Equal(t, tc.refunds, refunds.Load())
			})
		})
	}
}

func TestAServerThatHangsHoldsARequestNoLongerThanItsAnswerNeeds(t *testing.T) {
	t.Parallel()
	failed := errors.New("the server hangs")
	for name, tc := range map[string]struct {
		first  ratelimit.Decision
		second ratelimit.Decision
		err    error
		held   time.Duration
	}{
		"a denial awaits what is left then":  {grantedOne, deniedOne, nil, 250 * time.Millisecond},
		"a denial after what nobody counted": {unknownOpen, deniedOne, nil, 0},
		"an error":                           {grantedOne, ratelimit.Decision{}, failed, 0},
		"a refusal by policy":                {grantedOne, ratelimit.Decision{Source: ratelimit.FromPolicy, Err: failed}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel() // the client is gone
				tried := make(chan time.Duration, 2)
				h := New(Options{}, fake(tc.first, nil, func(ctx context.Context) (bool, error) {
					began := time.Now()
					<-ctx.Done()
					tried <- time.Since(began)
					return false, ctx.Err()
				}), fake(tc.second, tc.err, nil))(http.NotFoundHandler())
				assert.Equal(t, tc.held, serve(ctx, h))
				if tc.held > 0 {
					assert.Equal(t, tc.held, <-tried)
				}
				assert.Equal(t, 5*time.Second, <-tried, "it goes on in the background")
			})
		})
	}
}

func TestARefundThatFailsKeepsNoOtherFromComingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var failures, successes atomic.Int64
		h := New(Options{},
			fake(grantedOne, nil, func(context.Context) (bool, error) { failures.Add(1); return false, state.ErrOverloaded }),
			fake(grantedOne, nil, func(context.Context) (bool, error) { successes.Add(1); return true, nil }),
			fake(deniedOne, nil, nil))(http.NotFoundHandler())
		serve(t.Context(), h)
		assert.EqualValues(t, 1, successes.Load(), "the client awaits it")
		synctest.Wait()
		assert.EqualValues(t, 2, failures.Load(), "it is tried again")
		assert.EqualValues(t, 1, successes.Load())
	})
}

func TestRefundsInTheBackgroundAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waiting atomic.Int64
		h := New(Options{}, fake(grantedOne, nil, func(ctx context.Context) (bool, error) {
			waiting.Add(1)
			defer waiting.Add(-1)
			<-ctx.Done()
			return false, ctx.Err()
		}), fake(ratelimit.Decision{}, state.ErrOverloaded, nil))(http.NotFoundHandler())
		for range 100 {
			assert.Zero(t, serve(t.Context(), h))
		}
		synctest.Wait()
		assert.EqualValues(t, 64, waiting.Load())
		time.Sleep(5 * time.Second) // by the clock of the test
		synctest.Wait()
		assert.Zero(t, waiting.Load())
		serve(t.Context(), h)
		synctest.Wait()
		assert.EqualValues(t, 1, waiting.Load(), "there is room again")
		time.Sleep(5 * time.Second)
	})
}
