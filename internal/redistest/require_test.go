package redistest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

var _ TB = testing.TB(nil)

// Not parallel: it changes the environment.
func TestRequireWithoutRedis(t *testing.T) {
	t.Setenv("PATH", t.TempDir())

	for name, start := range map[string]func(TB){
		"server":    func(tb TB) { Start(tb) },
		"cluster":   func(tb TB) { StartCluster(tb, 3, 1) },
		"sentinel":  func(tb TB) { StartSentinel(tb, 2, 3) },
		"replica":   func(tb TB) { Replicate(tb, new(Server), "") },
		"proxy":     func(tb TB) { StartProxy(tb, "127.0.0.1:1") },
		"raw proxy": func(tb TB) { StartRawProxy(tb, "127.0.0.1:1") },
	} {
		for value, fails := range map[string]bool{"": false, "0": false, "1": true} {
			t.Run(name+" with "+requireVar+"="+value, func(t *testing.T) {
				t.Setenv(requireVar, value)
				reached := false
				tb := run(func(tb *fakeTB) {
					start(tb)
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
}
