package suite

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/typedstate/typedstate/bench/internal/block"
)

// fake takes a time of its own for an operation, and says when it is called.
type fake struct {
	name string
	took []time.Duration
	log  *[]string
}

func (f *fake) Block(time.Duration) (block.Block, error) {
	*f.log = append(*f.log, f.name)
	took := f.took[0]
	f.took = f.took[1:]
	return block.Block{Ops: 10, Elapsed: 10 * took, Mallocs: 30, Bytes: 400}, nil
}

func side(log *[]string, name string, took ...time.Duration) Side {
	return Side{Name: name, Check: func() error { return nil }, Work: &fake{name, took, log}}
}

func TestTwoSidesTakeTurnsInBeingFirst(t *testing.T) {
	var log []string
	g := Group{Plan: Plan{Rounds: 4}, Sides: []Side{side(&log, Ours, 1, 1, 1, 1), side(&log, "peer", 1, 1, 1, 1)}}
	if _, err := g.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := map[string]int{}
	for i := 0; i < len(log); i += 2 {
		first[log[i]]++
		if log[i] == log[i+1] {
			t.Errorf("a round of %v", log[i:i+2])
		}
	}
	if first[Ours] != 2 || first["peer"] != 2 {
		t.Errorf("the order was %v", log)
	}
}

func TestEachSideRunsOnceInARound(t *testing.T) {
	for n := 1; n < 8; n++ {
		places := make([]int, n) // the sum of side 0's places
		for round := range 2 * n {
			got := order(n, round)
			if at := slices.Index(got, 0); at >= 0 {
				places[at]++
			}
			slices.Sort(got)
			for i, side := range got {
				if side != i {
					t.Fatalf("round %d of %d sides is %v", round, n, got)
				}
			}
		}
		for at, times := range places {
			if times != 2 {
				t.Errorf("of %d sides the first is %d times at place %d", n, times, at)
			}
		}
	}
}

func TestRatioIsOfNeighbours(t *testing.T) {
	var log []string
	// The machine is ten times as slow in the second half.
	g := Group{Plan: Plan{Rounds: 4}, Sides: []Side{
		side(&log, "slow", 300, 300, 3000, 3000), side(&log, Ours, 100, 100, 1000, 1000), side(&log, "fast", 50, 50, 500, 500),
	}}
	r, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for peer, want := range map[string]float64{"slow": 3, "fast": 0.5} {
		got, ok := r.Ratio(peer)
		if !ok || got.Median != want || got.Low != want || got.High != want {
			t.Errorf("%s: %v, want %v", peer, got, want)
		}
	}
	if _, ok := r.Ratio("none"); ok {
		t.Error("a side that is not there has a ratio")
	}
	row, ok := r.Row(Ours)
	if !ok || row.NsPerOp != 550 || row.Allocs != 3 || row.Bytes != 40 || row.Ratio != nil {
		t.Errorf("our row is %+v", row)
	}
	if row, _ := r.Row("slow"); row.Ratio == nil || row.Ratio.Median != 3 {
		t.Errorf("the row of slow is %+v", row)
	}
}

func TestLimit(t *testing.T) {
	var log []string
	took := make([]time.Duration, 10)
	g := Group{Plan: Plan{Rounds: 10, Limit: 1}, Sides: []Side{side(&log, Ours, took...)}}
	if _, err := g.Run(t.Context()); err != nil || len(log) != enough {
		t.Errorf("%d rounds, %v", len(log), err)
	}
}

func TestWith(t *testing.T) {
	var log []string
	g := Group{Name: "g", Sides: []Side{side(&log, Ours), side(&log, "a"), side(&log, "b")}}
	chosen, err := g.With("b")
	if err != nil || len(chosen.Sides) != 2 || chosen.Sides[1].Name != "b" || len(g.Sides) != 3 {
		t.Errorf("%+v, %v", chosen, err)
	}
	if _, err := g.With("c"); err == nil || !strings.Contains(err.Error(), "c") {
		t.Errorf("got %v", err)
	}
}

func TestCheckNamesTheSide(t *testing.T) {
	wrong := errors.New("wrong")
	g := Group{Name: "group", Sides: []Side{{Name: "side", Check: func() error { return wrong }}}}
	if err := g.Check(t.Context()); !errors.Is(err, wrong) || err.Error() != "group: side: wrong" {
		t.Errorf("got %v", err)
	}
}
