package keyspec_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/keyspec"
)

func TestOverlapFindsAWitness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, witness string }{
		{"session:<id>", "session:me", "session:me"},
		{"session:<id>", "session:<user>", "session:x"},
		{"user:<id:int64>", "user:me", ""},
		{"user:<id:int64>", "user:7", "user:7"},
		{"user:<id:int64>", "user:07", ""},
		{"user:<id:uint8>", "user:256", ""},
		{"user:<id:uint8>", "user:<n:int64>", "user:1"},
		{"user:<id:bool>", "user:<n:int64>", ""},
		{"user:<id:bool>", "user:true", "user:true"},
		{"user:<id:[16]byte>", "user:<n:int64>", ""},
		{"user:<id:[16]byte>", "user:<n>", "user:00000000-0000-4000-8000-000000000000"},
		{"user:<id:[16]byte>", "user:<n:ID>", "user:00000000-0000-4000-8000-000000000000"},
		{"user:<id:ID>", "user:<n:Other>", "user:x"},
		{"user:<id:ID>", "user:<n:int8>", "user:1"},
		{"a:<x>:c", "a:b:<y>", "a:b:c"},
		{"a:<x>:c", "a:b:d", ""},
		{"a:<x>", "a:<x>:b", ""},
		{"a:{<x>}", "a:<x>", ""},
		{"a:{<x>}:<y>", "a:{<x>:<y>}", ""},
		{"a:{<x>}:<y>", "a:{b}:<y>", "a:{b}:x"},
		{"a", "a", "a"},
		{"a", "b", ""},
	} {
		a, err := keyspec.Parse(c.a)
		require.NoError(t, err)
		b, err := keyspec.Parse(c.b)
		require.NoError(t, err)
		for _, pair := range [][2]*keyspec.Template{{a, b}, {b, a}} {
			witness, overlaps := keyspec.Overlap(pair[0], pair[1])
			assert.Equal(t, c.witness, witness, "%s and %s", c.a, c.b)
			assert.Equal(t, c.witness != "", overlaps, "%s and %s", c.a, c.b)
		}
	}
}

func TestResolvedKindsSharpenTheProof(t *testing.T) {
	t.Parallel()
	a, err := keyspec.Parse("user:<id:ID>")
	require.NoError(t, err)
	b, err := keyspec.Parse("user:me")
	require.NoError(t, err)
	_, overlaps := keyspec.Overlap(a, b)
	assert.True(t, overlaps)
	_, overlaps = keyspec.Overlap(a.Resolve([]keyspec.Kind{keyspec.Int64}), b)
	assert.False(t, overlaps)
}

func TestConflictsComparesAllWithAll(t *testing.T) {
	t.Parallel()
	var templates []*keyspec.Template
	for _, text := range []string{"a:<x>", "b:<x>", "a:b", "a:<y:int>", "b:<x>:c"} {
		tmpl, err := keyspec.Parse(text)
		require.NoError(t, err)
		templates = append(templates, tmpl)
	}
	assert.Equal(t, []keyspec.Conflict{{0, 2, "a:b"}, {0, 3, "a:1"}}, keyspec.Conflicts(templates))
}

// FuzzOverlapIsExact makes keys from two templates and holds the proof against
// them: a witness is a key of both, and where there is none no key is.
func FuzzOverlapIsExact(f *testing.F) {
	texts := []string{
		"k:<a>:<b:int8>", "k:x:<b>", "k:<a:bool>:1", "k:{<a>}:<b>", "k:<a:uint8>:<b:bool>", "k:true:true", "k:<a:[16]byte>:<b>", "k:x",
	}
	f.Add(uint8(0), uint8(1), "x", "1")
	f.Add(uint8(2), uint8(5), "true", "true")
	f.Fuzz(func(t *testing.T, i, j uint8, x, y string) {
		a, _ := keyspec.Parse(texts[int(i)%len(texts)])
		b, _ := keyspec.Parse(texts[int(j)%len(texts)])
		witness, overlaps := keyspec.Overlap(a, b)
		if overlaps {
			_, inA := a.ParseKey(witness)
			_, inB := b.ParseKey(witness)
			if !inA || !inB {
				t.Fatalf("%q is no key of both %s and %s", witness, a, b)
			}
			return
		}
		key := fmt.Sprintf("k:%s:%s", x, y)
		_, inA := a.ParseKey(key)
		_, inB := b.ParseKey(key)
		if inA && inB {
			t.Fatalf("%q is a key of both %s and %s", key, a, b)
		}
	})
}
