package rt_test

import (
	"testing"
	"time"

	"github.com/typedstate/typedstate/state/rt"
)

var (
	sink           string
	tenant, userID = "acme", "01JCQ7ZK5R3N8V2W6X4Y9T0B1D"
)

//go:noinline
func concat(tenant, userID string) string {
	return "cart:" + tenant + ":" + userID
}

//go:noinline
func built(tenant, userID string) string {
	b := rt.Start("cart:")
	b = rt.AppendString(b, tenant)
	b = rt.Literal(b, ":")
	b = rt.AppendString(b, userID)
	return rt.End(b)
}

func BenchmarkKey(b *testing.B) {
	b.Run("concat", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = concat(tenant, userID)
		}
	})
	b.Run("rt", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = built(tenant, userID)
		}
	})
}

// BenchmarkKeyBesideConcat takes turns between both, so that a machine whose
// speed drifts does not favour one, and reports how much longer a key takes.
func BenchmarkKeyBesideConcat(b *testing.B) {
	const block = 1000
	var plain, typed time.Duration
	for b.Loop() {
		start := time.Now()
		for range block {
			sink = concat(tenant, userID)
		}
		middle := time.Now()
		for range block {
			sink = built(tenant, userID)
		}
		plain += middle.Sub(start)
		typed += time.Since(middle)
	}
	b.ReportMetric(float64(typed)/float64(plain), "x/concat")
}
