package state_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

var blanks = state.Define("blank:<id>", state.FamilyOptions[string]{Persist: "a test", Watch: true, Codec: plainText{}})

// plainText stores a text as it is, and so an empty one as no bytes at all.
type plainText struct{}

func (plainText) Append(dst []byte, v any) ([]byte, error) { return append(dst, *v.(*string)...), nil }
func (plainText) Decode(data []byte, v any) error          { *v.(*string) = string(data); return nil }

func TestAWatchShowsAnEmptyValue(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{})
	k := blanks.Key("1")
	one := follow(t, watching(s, k))
	one.next()
	require.NoError(t, k.Set(t.Context(), s, ""))
	assert.True(t, one.next().Found)
	assert.True(t, follow(t, watching(s, k)).next().Found)
	e := follow(t, watchingAll(s, blanks)).next()
	assert.True(t, e.Found)
	assert.Equal(t, state.EventCurrent, e.Kind)
}

// No bytes at all are nothing that JSON reads.
func TestAnEmptyValueThatIsNoneComesAsAnError(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	require.NoError(t, srv.Client(t).Set(t.Context(), name, "", 0).Err())
	e, err := follow(t, watching(s, k)).either()
	require.ErrorAs(t, err, new(*state.DecodeError))
	assert.True(t, e.Found)
}
