package rt_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
)

func TestMsgpackSession(t *testing.T) {
	in := fullSession()
	got, err := sessionMsgpack.Append([]byte("dst"), &in)
	require.NoError(t, err)
	want, err := strict.AppendMsgpack([]byte("dst"), &in)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	var out session
	require.NoError(t, sessionMsgpack.Decode(got[3:], &out))
	assert.Equal(t, in, out)
	t.Log(len(got) - 3)
}
