package state_test

import (
	"fmt"
	"math"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

func TestDefinePanicsWithWhatToMend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		template string
		options  state.FamilyOptions[int]
		want     string
	}{
		{"session:<id", state.FamilyOptions[int]{TTL: time.Minute}, `unclosed "<"`},
		{"a", state.FamilyOptions[int]{}, "neither TTL nor Persist"},
		{"a", state.FamilyOptions[int]{TTL: time.Minute, Persist: "x"}, "both TTL and Persist"},
		{"a", state.FamilyOptions[int]{TTL: -time.Minute}, "not a positive number of whole milliseconds"},
		{"a", state.FamilyOptions[int]{TTL: time.Microsecond}, "not a positive number of whole milliseconds"},
		{"a", state.FamilyOptions[int]{TTL: time.Minute, Max: time.Second}, "below the TTL"},
		{"a", state.FamilyOptions[int]{TTL: time.Minute, Max: -1}, "below the TTL"},
		{"a", state.FamilyOptions[int]{TTL: time.Minute, Jitter: 1}, "Jitter 1"},
		{"a", state.FamilyOptions[int]{TTL: time.Minute, Jitter: -0.1}, "Jitter -0.1"},
		{"a", state.FamilyOptions[int]{TTL: time.Minute, Jitter: math.NaN()}, "Jitter NaN"},
		{"a", state.FamilyOptions[int]{Persist: "x", Sliding: true}, "without a TTL"},
		{"a", state.FamilyOptions[int]{Persist: "x", Jitter: 0.1}, "without a TTL"},
	} {
		func() {
			defer func() {
				assert.Contains(t, fmt.Sprint(recover()), c.want)
			}()
			state.Define(c.template, c.options)
		}()
	}
}

func TestKeysAreSmallComparableValues(t *testing.T) {
	t.Parallel()
	assert.Equal(t, uintptr(24), unsafe.Sizeof(state.Key[session]{}))
	seen := map[state.Key[session]]bool{sessions.Key("1"): true}
	assert.True(t, seen[sessions.Key("1")])
	assert.False(t, seen[sessions.Key("2")])
	other := state.Define("session:<userID>", state.FamilyOptions[session]{TTL: time.Minute})
	assert.False(t, seen[other.Key("1")], "the same name, and another family")
}

func TestParseKeyTakesKeysOfTheFamilyAlone(t *testing.T) {
	t.Parallel()
	key, ok := state.ParseKey(sessions, "session:a%3Ab")
	require.True(t, ok)
	assert.Equal(t, sessions.Key("a:b"), key)
	for _, name := range []string{"session:", "session:a%3ab", "session:a:b", "other:a"} {
		_, ok := state.ParseKey(sessions, name)
		assert.False(t, ok, name)
	}
}

type tenantID string

func TestPartsMayBeOfNamedTypes(t *testing.T) {
	t.Parallel()
	family := state.Define("x:<a>:<b:tenantID>:<c:uint8>:<d:time.Time>:<e:uuid.UUID>", state.FamilyOptions[int]{TTL: time.Minute})
	key := family.Key(tenantID("a:b"), tenantID("c"), 7, time.Unix(0, 0).UTC(), [16]byte{1})
	want, ok := state.ParseKey(family, "x:a%3Ab:c:7:1970-01-01T00%3A00%3A00Z:01000000-0000-0000-0000-000000000000")
	require.True(t, ok)
	assert.Equal(t, want, key)
}
