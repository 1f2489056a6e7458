package redistest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

var _ TB = testing.TB(nil)

// Not parallel: it changes the environment.
func TestRequireWithoutRedis(t *testing.T) {
	t.Setenv("PATH", t.TempDir())

	for value, fails := range map[string]bool{"": false, "0": false, "1": true} {
		t.Run(requireVar+"="+value, func(t *testing.T) {
			t.Setenv(requireVar, value)
			reached := false
			tb := run(func(tb *fakeTB) {
				Start(tb)
				reached = true
			})
			assert.False(t, reached)
			if fails {
				assert.Contains(t, tb.fatal, "apt-get install redis-server")
				assert.Empty(t, tb.skipped)
			} else {
				assert.Contains(t, tb.skipped, "apt-get install redis-server")
				assert.Empty(t, tb.fatal)
			}
		})
	}
}
