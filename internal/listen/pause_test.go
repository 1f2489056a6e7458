package listen

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPausesGrowWithTheTimeThatHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pause
		began := time.Now()
		var attempts [30]int // in each second
		for time.Since(began) < 30*time.Second {
			before := time.Now()
			require.True(t, p.wait(t.Context()))
			took := time.Since(before)
			passed := before.Sub(began)
			if passed == 0 {
				assert.LessOrEqual(t, took, firstPause)
			}
			assert.LessOrEqual(t, took, steepPause+passed/8)
			assert.LessOrEqual(t, took, longestPause)
			if i := int(time.Since(began) / time.Second); i < len(attempts) {
				attempts[i]++
			}
		}
		assert.GreaterOrEqual(t, attempts[0], 8)
		for _, n := range attempts[15:] {
			assert.LessOrEqual(t, n, 2)
		}
	})
}
