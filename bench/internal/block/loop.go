package block

import "time"

// Loop is work of the processor alone: it does n operations, one after another.
type Loop func(n int) error

// Block finds out how many operations fit into a tenth of d, and then measures
// as many as fit into the rest.
func (l Loop) Block(d time.Duration) (b Block, err error) {
	n := 1
	for {
		start := time.Now()
		if err := l(n); err != nil {
			return Block{}, err
		}
		took := max(time.Since(start), 1)
		if took >= d/10 {
			n = max(int(float64(n)*float64(d)/float64(took)), 1)
			break
		}
		n *= 2
	}
	b = measured(func() { err = l(n) })
	b.Ops = n
	return b, err
}
