package main

import (
	"time"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// The names of the limits.
const (
	hard   = "hard"   // a window
	refill = "refill" // a bucket
	// tally is a window so long and wide that it denies nothing and forgets nothing: what is
	// used of it in the end is all that was charged and not given back. Beside others it has
	// to be a shadow, as one that never decides is refused.
	tally       = "tally"
	tallyTokens = 1 << 40
)

// limitKind is a limiter under test.
type limitKind struct {
	name string
	// share is that of the calls, in proportion to the others.
	share int
	// subjects are so many that all clients have in common; 0 is a new one for each call.
	subjects int
	receipts time.Duration
	// alone has its calls, which may be repeated by the library, on a client of their own.
	alone  bool
	limits func(per time.Duration) []ratelimit.Limit
	call   func(c *limitClient, l *openLimiter, subject string)
}

func (k *limitKind) limit(per time.Duration, name string) (ratelimit.Limit, bool) {
	for _, l := range k.limits(per) {
		if l.Name() == name {
			return l, true
		}
	}
	return ratelimit.Limit{}, false
}

const (
	// unitTokens are few enough for calls to come much faster than tokens do.
	unitTokens = 50
	// longReceipts outlive what clients repeat, and shortReceipts some of it do not.
	longReceipts  = 10 * time.Second
	shortReceipts = 300 * time.Millisecond
	// briefSubjects are used so seldom that they expire again and again.
	briefSubjects = 40
)

func tallied(limits ...ratelimit.Limit) []ratelimit.Limit {
	return append(limits, ratelimit.Window(tally, tallyTokens, hour).AsShadow())
}

func tallyAlone(time.Duration) []ratelimit.Limit {
	return []ratelimit.Limit{ratelimit.Window(tally, tallyTokens, hour)}
}

func window(n int64) func(time.Duration) []ratelimit.Limit {
	return func(per time.Duration) []ratelimit.Limit { return []ratelimit.Limit{ratelimit.Window(hard, n, per)} }
}

func windowTallied(n int64) func(time.Duration) []ratelimit.Limit {
	return func(per time.Duration) []ratelimit.Limit { return tallied(ratelimit.Window(hard, n, per)) }
}

func bothTallied(n int64) func(time.Duration) []ratelimit.Limit {
	return func(per time.Duration) []ratelimit.Limit {
		// The bucket decides while it is empty, and the window after a rest.
		return tallied(ratelimit.Window(hard, n, per), ratelimit.Bucket(refill, n, per).WithBurst(n/2))
	}
}

// limitKinds are the limiters under test.
var limitKinds = []*limitKind{
	{name: "unit", share: 45, subjects: 2, limits: window(unitTokens), call: (*limitClient).one},
	{name: "mixed", share: 10, subjects: 2, limits: windowTallied(100), call: (*limitClient).mixed},
	{name: "bucket", share: 9, subjects: 2, call: (*limitClient).mixed, limits: func(time.Duration) []ratelimit.Limit {
		return []ratelimit.Limit{ratelimit.Bucket(refill, 200, time.Second).WithBurst(40)}
	}},
	{name: "both", share: 8, subjects: 1, limits: bothTallied(80), call: (*limitClient).mixed},
	{name: "brief", share: 6, subjects: briefSubjects, call: (*limitClient).one, limits: func(time.Duration) []ratelimit.Limit {
		return []ratelimit.Limit{ratelimit.Window(hard, 2, 20*time.Millisecond)}
	}},
	{name: "once", share: 8, subjects: 1, receipts: longReceipts, limits: windowTallied(60), call: (*limitClient).once},
	{name: "held", share: 5, subjects: 2, receipts: longReceipts, alone: true, limits: bothTallied(80), call: (*limitClient).hold},
	{name: "late", share: 2, subjects: 1, receipts: shortReceipts, alone: true, limits: windowTallied(60), call: (*limitClient).holdLong},
	{name: "lone", share: 5, limits: tallyAlone, call: (*limitClient).lone},
	{name: "lent", share: 2, receipts: longReceipts, alone: true, limits: tallyAlone, call: (*limitClient).lend},
}
