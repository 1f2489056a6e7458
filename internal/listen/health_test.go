package listen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPulse(t *testing.T) {
	t.Parallel()
	at := time.Now()
	p := pulse{at: at}
	feel := func(count uint64, after time.Duration) (bool, error) { return p.feel(count, at.Add(after)) }
	ask, err := feel(0, quietLimit-1)
	require.NoError(t, err)
	assert.False(t, ask)
	ask, _ = feel(0, quietLimit)
	assert.True(t, ask)
	ask, _ = feel(0, quietLimit+1)
	assert.False(t, ask, "it asks once")
	_, err = feel(1, quietLimit+answerLimit)
	require.NoError(t, err, "anything is an answer")
	ask, err = feel(1, time.Hour)
	require.NoError(t, err, "a process that was stopped for long asks first")
	assert.True(t, ask)
	_, err = feel(1, time.Hour+answerLimit)
	require.ErrorIs(t, err, errSilent)
}
