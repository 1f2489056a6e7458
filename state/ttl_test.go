package state

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestATTLIsRoundedUpToMilliseconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int64{
		time.Millisecond:                   1,
		time.Millisecond + 1:               2,
		2*time.Millisecond - 1:             2,
		time.Hour:                          3_600_000,
		time.Duration(1<<63 - 1):           9_223_372_036_855,
		time.Duration(1<<63-1) / 1e6 * 1e6: 9_223_372_036_854,
	} {
		assert.Equal(t, want, milliseconds(d), "%v", d)
	}
}
