package block

import "time"

// Loop is work of the processor alone: it does n operations, one after another.
type Loop func(n int) error

// Block repeats the loop until d has passed, for as many operations at a time as
// make the readings of the clock between them count for nothing. How many those
// are it has found out before the clock starts, and it asks for more where
// something had come in between.
func (l Loop) Block(d time.Duration) (b Block, err error) {
	n, _, err := l.until(d/10, d/50, 1)
	if err != nil {
		return Block{}, err
	}
	ops := 0
	b = measured(func() { _, ops, err = l.until(d, d/50, n) })
	b.Ops = ops
	return b, err
}

// until does n operations at a time until d has passed, and more at a time as
// long as they take less than least. It returns how many at a time in the end,
// and how many in all.
func (l Loop) until(d, least time.Duration, n int) (atATime, ops int, err error) {
	start := time.Now()
	for last := start; ; {
		if err := l(n); err != nil {
			return 0, 0, err
		}
		ops += n
		now := time.Now()
		if now.Sub(start) >= d {
			return n, ops, nil
		}
		if now.Sub(last) < least {
			n *= 2
		}
		last = now
	}
}
