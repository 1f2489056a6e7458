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
	"github.com/typedstate/typedstate/state"
)

var update = flag.Bool("update", false, "write what the tour prints to testdata/output.txt")

func TestTheTourPrintsTheSameOnEveryRedis(t *testing.T) {
	t.Parallel()
	var here, there strings.Builder
	require.NoError(t, run(t.Context(), "", &here))
	_, steps, _ := strings.Cut(here.String(), "\n")
	if *update {
		require.NoError(t, os.WriteFile("testdata/output.txt", []byte(steps), 0o644))
	}
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	assert.Equal(t, string(want), steps)

	srv := redistest.Start(t)
	require.NoError(t, run(t.Context(), srv.URL(), &there))
	_, onServer, _ := strings.Cut(there.String(), "\n")
	assert.Equal(t, steps, onServer)
	left, err := srv.Client(t).Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Len(t, left, 1, "the tour leaves keys behind")
	assert.Regexp(t, "^typedstate-tour:export:2026-10:__", left[0])
	ttl, err := srv.Client(t).PTTL(t.Context(), left[0]).Result()
	require.NoError(t, err)
	assert.InDelta(t, 10*time.Minute, ttl, float64(time.Minute))

	var again strings.Builder
	require.NoError(t, run(t.Context(), srv.URL(), &again))
	assert.Equal(t, there.String(), again.String(), "what is left changes nothing")
}

func TestTheTourSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	assert.ErrorContains(t, run(t.Context(), "not a url", &out), "the URL does not parse")
}

func TestAZeroStoreIsAnErrorAndNoPanic(t *testing.T) {
	t.Parallel()
	_, err := (&SessionReader{}).Get(t.Context(), "1")
	assert.ErrorIs(t, err, state.ErrNoStore)
	assert.ErrorIs(t, (&SessionStore{}).Set(t.Context(), "1", Session{}), state.ErrNoStore)
	assert.ErrorIs(t, NewSessionStore(nil).Remove(t.Context(), "1"), state.ErrNoStore)
	_, err = NewResumePointReader(nil).GetMany(t.Context(), ResumePointParams{Topic: "a", Partition: 1})
	assert.ErrorIs(t, err, state.ErrNoStore)
}
