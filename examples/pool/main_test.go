package main

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
)

var update = flag.Bool("update", false, "write what the program prints to testdata/output.txt")

func TestTheProgramPrintsTheSameOnEveryRedis(t *testing.T) {
	t.Parallel()
	t.Run("in the process", func(t *testing.T) {
		t.Parallel()
		var out strings.Builder
		require.NoError(t, run(t.Context(), "", &out))
		first, steps, _ := strings.Cut(out.String(), "\n")
		assert.Equal(t, "Redis: in this process, since REDIS_URL is not set", first)
		if *update {
			require.NoError(t, os.WriteFile("testdata/output.txt", []byte(steps), 0o644))
		}
		assert.Equal(t, wanted(t), steps)
	})
	t.Run("a server", func(t *testing.T) {
		t.Parallel()
		srv := redistest.Start(t)
		for range 2 { // what the first has left changes nothing
			var out strings.Builder
			require.NoError(t, run(t.Context(), srv.URL(), &out))
			first, steps, _ := strings.Cut(out.String(), "\n")
			assert.Equal(t, "Redis: the one that REDIS_URL names", first)
			assert.Equal(t, wanted(t), steps)
		}
		client := srv.Client(t)
		left, err := client.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		require.NotEmpty(t, left)
		for _, key := range left {
			assert.True(t, strings.HasPrefix(key, "typedstate-pool:"), key)
			ttl, err := client.PTTL(t.Context(), key).Result()
			require.NoError(t, err)
			assert.Greater(t, ttl, time.Duration(0), key)
			assert.LessOrEqual(t, ttl, 71*time.Minute, key) // indexes stay for an hour more
		}
	})
}

func wanted(t *testing.T) string {
	t.Helper()
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	return string(want)
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	assert.ErrorContains(t, run(t.Context(), "not a url", &out), "the URL does not parse")
}
