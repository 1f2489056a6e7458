package block

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/typedstate/typedstate/bench/internal/stat"
)

// Load is work that a number of callers do at the same time, each one operation
// after another, as the requests of a service do.
type Load struct {
	Callers int
	// Call does one operation; caller counts from 0, and so does i, the number of
	// operations that the caller has done.
	Call func(caller, i int) error
}

// warm is how many operations each caller does before the clock starts, so that
// connections are open and pools are filled.
const warm = 2

// Block lets all callers work until d has passed. The clock stops when the last
// of them is done. Two readings of the clock for each operation are part of what
// it measures.
func (l Load) Block(d time.Duration) (Block, error) {
	var (
		ready, done sync.WaitGroup
		start       = make(chan struct{})
		deadline    time.Time // set before start is closed
		failed      atomic.Bool
		errs        = make([]error, l.Callers)
		took        = make([][]time.Duration, l.Callers)
	)
	for caller := range l.Callers {
		// What the samples take is allocated before anything is measured.
		took[caller] = make([]time.Duration, 0, int(d/time.Microsecond)/l.Callers+64)
		ready.Add(1)
		done.Go(func() {
			for i := range warm {
				if errs[caller] = l.Call(caller, i); errs[caller] != nil {
					failed.Store(true)
					break
				}
			}
			ready.Done()
			<-start
			last := time.Now()
			for i := warm; !failed.Load(); i++ {
				if errs[caller] = l.Call(caller, i); errs[caller] != nil {
					failed.Store(true)
					break
				}
				now := time.Now()
				took[caller] = append(took[caller], now.Sub(last))
				if last = now; !now.Before(deadline) {
					break
				}
			}
		})
	}
	ready.Wait()
	b := measured(func() {
		deadline = time.Now().Add(d)
		close(start)
		done.Wait()
	})
	for _, err := range errs {
		if err != nil {
			return Block{}, err
		}
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	b.Ops = len(all)
	b.P50, b.P99 = stat.Percentile(all, 50), stat.Percentile(all, 99)
	return b, nil
}
