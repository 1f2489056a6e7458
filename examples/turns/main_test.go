package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
)

const steps = `3 workers have made 8 calls
never more than 4 in a second: true
the last was a second or more after the first: true
no turn within 100ms: true
no turn for 5 calls at once, ever: true
`

func TestTheProgramPrintsTheSameOnEveryRedis(t *testing.T) {
	t.Parallel()
	t.Run("in the process", func(t *testing.T) {
		t.Parallel()
		var out strings.Builder
		require.NoError(t, run(t.Context(), "", &out))
		assert.Equal(t, "Redis: in this process, since REDIS_URL is not set\n"+steps, out.String())
	})
	t.Run("a server", func(t *testing.T) {
		t.Parallel()
		var out strings.Builder
		srv := redistest.Start(t)
		require.NoError(t, run(t.Context(), srv.URL(), &out))
		assert.Equal(t, "Redis: the one that REDIS_URL names\n"+steps, out.String())
		left, err := srv.Client(t).DBSize(t.Context()).Result()
		require.NoError(t, err)
		assert.Zero(t, left, "the program leaves keys behind")
	})
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	assert.ErrorContains(t, run(t.Context(), "not a url", &out), "the URL does not parse")
}

func TestMostFindsTheFullestSecond(t *testing.T) {
	t.Parallel()
	at := func(ms ...int) (turns []time.Time) {
		for _, m := range ms {
			turns = append(turns, time.UnixMilli(int64(m)))
		}
		return turns
	}
	assert.Equal(t, 2, most(at(0, 999, 1000)))
	assert.Equal(t, 3, most(at(0, 500, 999)))
	assert.Equal(t, 3, most(at(0, 600, 1100, 1500, 2600)))
}
