package rt_test

import (
	"encoding"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/rt"
)

type (
	name  string
	flag  bool
	small int8
	count uint16
	id    [16]byte
)

// folded is a text in small letters, whatever it was read from.
type folded struct{ text string }

func (f *folded) MarshalText() ([]byte, error) { return []byte(f.text), nil }

func (f *folded) UnmarshalText(text []byte) error {
	if string(text) == "bad" {
		return errors.New("no")
	}
	f.text = strings.ToLower(string(text))
	return nil
}

var (
	_ encoding.TextMarshaler   = (*folded)(nil)
	_ encoding.TextUnmarshaler = (*folded)(nil)
)

func TestParsedPartsAreWhatWasAppended(t *testing.T) {
	t.Parallel()
	var (
		err  error
		s    name
		b    flag
		i    small
		wide int64
		u    count
		most uint64
		u16  id
		text folded
	)
	rt.ParseString("a:b", &s)
	rt.ParseBool("true", &b, &err)
	rt.ParseInt("-128", &i, &err)
	rt.ParseInt("-9223372036854775808", &wide, &err)
	rt.ParseUint("65535", &u, &err)
	rt.ParseUint("18446744073709551615", &most, &err)
	rt.ParseUUID("ab000000-0000-0000-0000-000000000000", &u16, &err)
	rt.ParseText("a:b", &text, &err)
	require.NoError(t, err)
	assert.Equal(t, name("a:b"), s)
	assert.Equal(t, flag(true), b)
	assert.Equal(t, small(-128), i)
	assert.Equal(t, int64(math.MinInt64), wide)
	assert.Equal(t, count(65535), u)
	assert.Equal(t, uint64(math.MaxUint64), most)
	assert.Equal(t, id{0xab}, u16)
	assert.Equal(t, "a:b", text.text)
}

// A text that the type does not write itself would make parameters that name
// another key than the one that was found.
func TestATextThatItsTypeDoesNotWriteIsAnError(t *testing.T) {
	t.Parallel()
	for text, parse := range map[string]func(text string, err *error){
		"128":                                  func(text string, err *error) { rt.ParseInt(text, new(small), err) },
		"-129":                                 func(text string, err *error) { rt.ParseInt(text, new(small), err) },
		"+1":                                   func(text string, err *error) { rt.ParseInt(text, new(int), err) },
		"01":                                   func(text string, err *error) { rt.ParseInt(text, new(int), err) },
		"-0":                                   func(text string, err *error) { rt.ParseInt(text, new(int), err) },
		"65536":                                func(text string, err *error) { rt.ParseUint(text, new(count), err) },
		"-1":                                   func(text string, err *error) { rt.ParseUint(text, new(uint64), err) },
		"00":                                   func(text string, err *error) { rt.ParseUint(text, new(uint64), err) },
		"1":                                    func(text string, err *error) { rt.ParseBool(text, new(flag), err) },
		"AB000000-0000-0000-0000-000000000000": func(text string, err *error) { rt.ParseUUID(text, new(id), err) },
		"bad":                                  func(text string, err *error) { rt.ParseText(text, new(folded), err) },
		"Upper":                                func(text string, err *error) { rt.ParseText(text, new(folded), err) },
	} {
		var err error
		parse(text, &err)
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), text)
		// The first error stays, whatever follows.
		first := err
		rt.ParseInt("1", new(int), &err)
		rt.ParseBool("no bool", new(bool), &err)
		parse(text, &err)
		assert.Same(t, first, err, text)
	}
}
