package rt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/state/rt"
)

func TestAKeyOfEveryKindOfPart(t *testing.T) {
	t.Parallel()
	b := rt.Start("k:")
	b = rt.AppendString(b, "a:b")
	b = rt.Literal(b, ":{")
	b = rt.AppendInt(b, -7)
	b = rt.Literal(b, "}:")
	b = rt.AppendUint(b, 7)
	b = rt.Literal(b, ":")
	b = rt.AppendBool(b, true)
	b = rt.Literal(b, ":")
	b = rt.AppendUUID(b, [16]byte{0xab})
	b = rt.Literal(b, ":")
	b = rt.AppendText(b, time.Unix(0, 0).UTC())
	assert.Equal(t, "k:a%3Ab:{-7}:7:true:ab000000-0000-0000-0000-000000000000:1970-01-01T00%3A00%3A00Z", rt.End(b))
}

type failing struct{}

func (failing) MarshalText() ([]byte, error) { return nil, errors.New("no") }

func TestABadPartLeavesAMark(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		rt.End(rt.AppendString(rt.Start("k:"), "")),
		rt.End(rt.AppendText(rt.Start("k:"), failing{})),
	} {
		assert.Equal(t, len("k:"), keyspec.Marked(key))
	}
}

func TestAKeyCostsOneAllocation(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = built(tenant, userID)
		}
	}).AllocsPerOp(), int64(1))
}
