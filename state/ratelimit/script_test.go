package ratelimit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Lua compares texts in the order of the server's locale, which differs from that of bytes: in
// some of them "W" comes after "b".
func TestNoScriptDependsOnTheOrderOfTexts(t *testing.T) {
	t.Parallel()
	ordered := regexp.MustCompile(`(^|[^=~])[<>]=?\s*['"]|['"]\s*[<>]=?\s*\w`)
	for text, want := range map[string]bool{
		`if kind >= 'b' then`: true, `if 'b' < kind then`: true, `if kind == 'b' and n > 0 then`: false, `match(s, '^(%d+) x')`: false,
	} {
		require.Equal(t, want, ordered.MatchString(text), text)
	}
	scripts, err := filepath.Glob("*.lua")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(scripts), 5)
	for _, name := range scripts {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for line := range strings.Lines(string(source)) {
			code, _, _ := strings.Cut(line, "--")
			assert.False(t, ordered.MatchString(code), "%s: %s", name, code)
		}
	}
}
