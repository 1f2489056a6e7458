package block

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

var sink []byte

func TestLoopCountsAndMeasures(t *testing.T) {
	total := 0
	b, err := Loop(func(n int) error {
		total += n
		for range n {
			sink = make([]byte, 100)
		}
		return nil
	}).Block(5 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if b.Ops > total || b.Ops < 100 {
		t.Errorf("%d operations of %d", b.Ops, total)
	}
	if b.Elapsed < 5*time.Millisecond || b.Elapsed > time.Second {
		t.Errorf("a block of 5 ms took %v", b.Elapsed)
	}
	if got := b.AllocsPerOp(); got < 0.99 || got > 1.1 {
		t.Errorf("%v allocations for each operation", got)
	}
	if got := b.BytesPerOp(); got < 100 || got > 130 {
		t.Errorf("%v bytes for each operation", got)
	}
}

func TestLoopOfNoLengthRunsOnce(t *testing.T) {
	b, err := Loop(func(int) error { return nil }).Block(0)
	if err != nil || b.Ops != 1 {
		t.Errorf("%d operations, %v", b.Ops, err)
	}
}

// A moment in which nothing goes on, as on a busy machine, must not leave the
// loop with a few operations at a time, which the clock would be much of.
func TestLoopRecovers(t *testing.T) {
	calls, asked := 0, 0
	_, err := Loop(func(n int) error {
		calls++
		asked = n
		if calls == 1 {
			time.Sleep(10 * time.Millisecond)
		}
		for range n {
			sink = make([]byte, 10)
		}
		return nil
	}).Block(20 * time.Millisecond)
	if err != nil || asked < 1000 {
		t.Errorf("%d operations at a time in the end, %v", asked, err)
	}
}

func TestLoopFails(t *testing.T) {
	wrong := errors.New("wrong")
	if _, err := Loop(func(int) error { return wrong }).Block(time.Millisecond); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
}

func TestLoadLetsAllCallersWork(t *testing.T) {
	const callers = 8
	var ran [callers]atomic.Int64
	var together, most atomic.Int64
	b, err := Load{Callers: callers, Call: func(caller, i int) error {
		if got := ran[caller].Add(1); got != int64(i+1) {
			t.Errorf("caller %d is told that it has done %d of %d", caller, i, got-1)
		}
		most.Store(max(most.Load(), together.Add(1)))
		time.Sleep(time.Millisecond)
		together.Add(-1)
		return nil
	}}.Block(30 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i := range ran {
		if n := int(ran[i].Load()); n <= warm {
			t.Errorf("caller %d has done %d", i, n)
		} else {
			total += n - warm
		}
	}
	if b.Ops != total {
		t.Errorf("%d operations are counted of %d", b.Ops, total)
	}
	if most.Load() < callers/2 {
		t.Errorf("no more than %d callers worked at the same time", most.Load())
	}
	if b.P50 < time.Millisecond || b.P99 < b.P50 || b.Elapsed < 30*time.Millisecond {
		t.Errorf("p50 %v, p99 %v, %v in all", b.P50, b.P99, b.Elapsed)
	}
}

func TestLoadFails(t *testing.T) {
	before := runtime.NumGoroutine()
	wrong := errors.New("wrong")
	for _, at := range []int{0, warm + 3} {
		_, err := Load{Callers: 4, Call: func(caller, i int) error {
			if caller == 2 && i == at {
				return wrong
			}
			return nil
		}}.Block(10 * time.Second)
		if !errors.Is(err, wrong) {
			t.Errorf("at %d: got %v", at, err)
		}
	}
	// One that is done may still be on its way out.
	for end := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
		}
	}
}
