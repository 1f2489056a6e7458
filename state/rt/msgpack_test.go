package rt_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMsgpackSession(t *testing.T) {
	in := fullSession()
	doc := sameAppend(t, sessionMsgpack, &in)
	var out session
	require.NoError(t, sessionMsgpack.Decode(doc, &out))
	assert.Equal(t, in, out)
}

func TestMsgpackDecodesAsTheLibraryDoes(t *testing.T) {
	for _, doc := range everyDocuments(t) {
		sameDecode[every](t, everyMsgpack, doc)
	}
}

func TestMsgpackEncodesAsTheLibraryDoes(t *testing.T) {
	for seed := range uint64(300) {
		v := someEvery(rand.New(rand.NewPCG(seed, 0)), 3)
		if doc := sameAppend(t, everyMsgpack, &v); doc != nil {
			sameDecode[every](t, everyMsgpack, doc)
		}
	}
}
