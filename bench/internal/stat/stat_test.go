package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("Median of nothing = %v", got)
	}
}

func TestMedianLeavesItsArgumentAlone(t *testing.T) {
	values := []float64{3, 1, 2}
	Median(values)
	MedianInterval(values)
	if values[0] != 3 || values[1] != 1 || values[2] != 2 {
		t.Errorf("the values are now %v", values)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for p, want := range map[float64]int{0: 1, 1: 1, 50: 50, 99: 99, 99.5: 100, 100: 100} {
		if got := Percentile(hundred, p); got != want {
			t.Errorf("Percentile(1..100, %v) = %d, want %d", p, got, want)
		}
	}
	if got := Percentile([]int(nil), 50); got != 0 {
		t.Errorf("Percentile of nothing = %d", got)
	}
}

// The ranks are those of tables of the sign test.
func TestCut(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 0, 5: 0, 6: 0, 8: 0, 9: 1, 12: 2, 20: 5, 30: 9, 40: 13, 100: 39} {
		if got := cut(n); got != want {
			t.Errorf("cut(%d) = %d, want %d", n, got, want)
		}
	}
	if got := cut(5000); got < 2400 || got > 2440 {
		t.Errorf("cut(5000) = %d", got)
	}
}

func TestMedianInterval(t *testing.T) {
	values := make([]float64, 20)
	for i, v := range rand.Perm(20) {
		values[i] = float64(v + 1)
	}
	if got, want := MedianInterval(values), (Interval{6, 15}); got != want {
		t.Errorf("of 1..20: %v, want %v", got, want)
	}
	if got, want := MedianInterval([]float64{2, 1, 3}), (Interval{1, 3}); got != want {
		t.Errorf("of three: %v, want %v", got, want)
	}
	if got := MedianInterval(nil); !math.IsNaN(got.Low) || !math.IsNaN(got.High) {
		t.Errorf("of nothing: %v", got)
	}
}

// What the interval promises, held against a distribution whose median is known
// and whose mean is far from it.
func TestMedianIntervalHoldsTheMedian(t *testing.T) {
	const rounds = 4000
	r := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range rounds {
		values := make([]float64, 21)
		for i := range values {
			values[i] = r.ExpFloat64()
		}
		if in := MedianInterval(values); in.Low <= math.Ln2 && math.Ln2 <= in.High {
			held++
		}
	}
	if share := float64(held) / rounds; share < 0.94 {
		t.Errorf("it held the median in %.1f %% of %d rounds", 100*share, rounds)
	}
}
