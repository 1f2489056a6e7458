package state_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// note is a value of which every part can be left out.
type note struct {
	N    int            `json:"n,omitempty"`
	Tags []string       `json:"tags,omitempty"`
	By   map[string]int `json:"by,omitempty"`
}

var notes = state.Define("watchevent:<id>", state.FamilyOptions[note]{TTL: time.Hour, Watch: true})

// An event is its consumer's: it holds nothing of the one before, and the one after
// changes nothing in it.
func TestEventsShareNothing(t *testing.T) {
	t.Parallel()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { srv.Close() })
	store := openClient(t, srv.Client(), state.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	key := notes.Key("1")
	steps := []note{{N: 1, Tags: []string{"a"}, By: map[string]int{"a": 1}}, {Tags: []string{"b"}, By: map[string]int{"b": 2}}, {N: 3}}
	var got []note
	ended := 0
	for e, err := range state.Watch(ctx, store, key) {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, state.Event[note]{}, e)
			ended++
			continue
		}
		if e.Kind == state.EventRemoved {
			assert.Equal(t, state.Event[note]{EventInfo: state.EventInfo{Kind: e.Kind, Token: state.Absent()}}, e)
			cancel()
			continue
		}
		if e.Found {
			got = append(got, e.Value)
		}
		if len(got) < len(steps) {
			require.NoError(t, key.Set(ctx, store, steps[len(got)]))
		} else {
			_, err := state.Remove(ctx, store, key)
			require.NoError(t, err)
		}
	}
	assert.Equal(t, steps, got)
	assert.Equal(t, 1, ended)
}
