package keyspec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/keyspec"
)

func TestPartsLookAsAPersonExpects(t *testing.T) {
	t.Parallel()
	for part, want := range map[string]string{
		"42":                "42",
		"alice@example.com": "alice@example.com",
		"a:b":               "a%3Ab",
		"a%3Ab":             "a%253Ab",
		"{x}":               "%7Bx%7D",
		"*":                 "%2A",
		"zürich":            "z%C3%BCrich",
		"a b\n\x00":         "a%20b%0A%00",
		"-_.~@+=,/":         "-_.~@+=,/",
		"\xff":              "%FF",
		"12345678:":         "12345678%3A",
		"1234567:":          "1234567%3A",
		"":                  keyspec.MarkEmpty,
	} {
		assert.Equal(t, want, string(keyspec.AppendString(nil, part)), "%q", part)
	}
}

func TestTypedPartsAreCanonical(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "true", string(keyspec.AppendBool(nil, true)))
	assert.Equal(t, "-9223372036854775808", string(keyspec.AppendInt(nil, -1<<63)))
	assert.Equal(t, "18446744073709551615", string(keyspec.AppendUint(nil, 1<<64-1)))
	id := [16]byte{0x01, 0x93, 0x5b, 0xa0, 0xff, 0, 0x7a, 0xbc, 0x8d, 0xef, 1, 2, 3, 4, 5, 6}
	assert.Equal(t, "01935ba0-ff00-7abc-8def-010203040506", string(keyspec.AppendUUID(nil, id)))
	back, ok := keyspec.ParseUUID("01935ba0-ff00-7abc-8def-010203040506")
	assert.True(t, ok)
	assert.Equal(t, id, back)
}

func TestDecodePartRefusesWhatIsNotCanonical(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"", "a%3ab", "%41", "%", "a%3", "%G0", "a:b", "a b", "a{b", "%7b", "\x00e", "ü"} {
		_, ok := keyspec.DecodePart(part)
		assert.False(t, ok, "%q", part)
	}
}

func TestKindsAcceptTheirOwnTextsAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     keyspec.Kind
		yes, not []string
	}{
		{keyspec.String, []string{"x", "1", "true"}, []string{""}},
		{keyspec.Opaque, []string{"x"}, []string{""}},
		{keyspec.Bool, []string{"true", "false"}, []string{"1", "TRUE", ""}},
		{keyspec.Int8, []string{"0", "-128", "127"}, []string{"128", "-129", "+1", "01", "-0", "", "x", "1.0"}},
		{keyspec.Int64, []string{"-9223372036854775808"}, []string{"9223372036854775808"}},
		{keyspec.Uint8, []string{"0", "255"}, []string{"256", "-1", "00"}},
		{keyspec.Uint, []string{"18446744073709551615"}, []string{"18446744073709551616"}},
		{
			keyspec.UUID, []string{"01935ba0-ff00-7abc-8def-010203040506"},
			[]string{"01935BA0-ff00-7abc-8def-010203040506", "01935ba0ff007abc8def010203040506", "01935ba0-ff00-7abc-8def-01020304050", "01935ba0-ff00-7abc-8def0-10203040506"},
		},
	} {
		for _, text := range c.yes {
			assert.True(t, c.kind.Accepts(text), "%v %q", c.kind, text)
		}
		for _, text := range c.not {
			assert.False(t, c.kind.Accepts(text), "%v %q", c.kind, text)
		}
	}
}

func TestParseKeyReadsBackWhatTheTemplateMakes(t *testing.T) {
	t.Parallel()
	tmpl, err := keyspec.Parse("cart:{<tenant>}:items:<n:int8>")
	require.NoError(t, err)

	parts, ok := tmpl.ParseKey("cart:{a%3Ab}:items:-7")
	require.True(t, ok)
	assert.Equal(t, []string{"a:b", "-7"}, parts)

	for _, key := range []string{
		"", "cart", "cart:{a}:items", "cart:{a}:items:1:2", "cart:a:items:1", "cart:{a:items:1}",
		"cart:{a}:items:300", "cart:{a}:items:01", "cart:{}:items:1", "Cart:{a}:items:1",
		"cart:{a%3ab}:items:1", "cart:{a}:items:1 ", " cart:{a}:items:1", "cart:{a}:items:\x00e",
	} {
		_, ok := tmpl.ParseKey(key)
		assert.False(t, ok, "%q", key)
	}
}

// render makes a key of "k:{<a>}:<b>" as generated code does.
func render(a, b string) string {
	key := []byte("k:{")
	key = keyspec.AppendString(key, a)
	key = append(key, "}:"...)
	return string(keyspec.AppendString(key, b))
}

// hashTag is the part of a key that Redis Cluster hashes, by its specification.
func hashTag(key string) string {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if length := strings.IndexByte(key[open+1:], '}'); length > 0 {
			return key[open+1 : open+1+length]
		}
	}
	return key
}

func FuzzKeysAreInjective(f *testing.F) {
	f.Add("a:b", "c", "a", "b:c")
	f.Add("a%3Ab", "{x}", "a:b", "%7Bx%7D")
	f.Add("}", "{", "}:{", "")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		left, right := render(a, b), render(c, d)
		if (left == right) != (a == c && b == d) {
			t.Fatalf("(%q, %q) and (%q, %q) share the key %q", a, b, c, d, left)
		}
		if a == "" || b == "" {
			if keyspec.Marked(left) < 0 {
				t.Fatalf("an empty part left no mark in %q", left)
			}
			return
		}
		tmpl, err := keyspec.Parse("k:{<a>}:<b>")
		require.NoError(t, err)
		parts, ok := tmpl.ParseKey(left)
		if !ok || parts[0] != a || parts[1] != b {
			t.Fatalf("%q was read back as %q", left, parts)
		}
		if tag := hashTag(left); tag != string(keyspec.AppendString(nil, a)) {
			t.Fatalf("the slot of %q depends on %q", left, tag)
		}
		for _, c := range []byte(left) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`*?[]\^"'`, c) >= 0 {
				t.Fatalf("%q has the byte %q", left, c)
			}
		}
	})
}

func FuzzDecodePartIsTheInverse(f *testing.F) {
	f.Add("a%3Ab")
	f.Add("%zz")
	f.Fuzz(func(t *testing.T, part string) {
		if text, ok := keyspec.DecodePart(part); ok {
			if again := string(keyspec.AppendString(nil, text)); again != part {
				t.Fatalf("%q decodes to %q, which encodes to %q", part, text, again)
			}
		}
	})
}
