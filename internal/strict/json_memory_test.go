package strict_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
)

type roomy struct {
	Skip   int `json:"skip"`
	*Inner `json:"inner"`
	List   []int64          `json:"list"`
	Map    map[string]roomy `json:"map"`
	Lists  [][]int64        `json:"lists"`
	Named  named            `json:"named"`
	Any    any              `json:"any"`
}

type (
	named []int64
	Inner struct {
		A    int
		List *[]int64
	}
)

// A large slice is made at once wherever it stands, and its neighbours are what they are.
func TestDecodeJSONLargeSlices(t *testing.T) {
	t.Parallel()
	long := "[" + strings.Repeat("1,", 200_000) + "1]"
	for _, doc := range []string{
		`{"list":` + long + `,"skip":1}`, `{"inner":{"List":` + long + `}}`, `{"lists":[` + long + `,` + long + `]}`, `{"named":` + long + `,"list":` + long + `}`,
		`{"map":{"a":{"list":` + long + `}}}`, `{"map":{"a":{"map":{"a":{"list":` + long + `}}}}}`, `{"other":` + long + `}`, `{"any":` + long + `}`, `{"LIST":` + long + `}`,
	} {
		var got, want roomy
		require.NoError(t, strict.DecodeJSON([]byte(doc), &got))
		require.NoError(t, json.Unmarshal([]byte(doc), &want))
		assert.True(t, reflect.DeepEqual(want, got))
	}
	var list, want []int64
	require.NoError(t, strict.DecodeJSON([]byte(long), &list))
	require.NoError(t, json.Unmarshal([]byte(long), &want))
	assert.Equal(t, want, list)
	assert.Len(t, list, cap(list))
}

type page struct {
	Cells [1000]int `json:"cells,omitzero"`
}

func TestAppendJSONRefusesWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	v := make([]page, 200)
	e := refusal(t, errOf(strict.AppendJSON(nil, &v)))
	assert.Equal(t, "[131]", e.Path)
	assert.Contains(t, e.Reason, "too much memory")
	doc, err := json.Marshal(v)
	require.NoError(t, err)
	assert.Equal(t, "[131]", refusal(t, strict.DecodeJSON(doc, &v)).Path)
	v = v[:100]
	doc, err = strict.AppendJSON(nil, &v)
	require.NoError(t, err)
	require.NoError(t, strict.DecodeJSON(doc, new([]page)))
}

func errOf(_ []byte, err error) error { return err }
