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
	// longReceipts outlive what clients repeat, and shortReceipts some of it do not.
	longReceipts  = 10 * time.Second
	shortReceipts = 300 * time.Millisecond
	// briefSubjects are used so seldom that they expire again and again.
	briefSubjects = 40
)

// rate is how many tokens there are in a second. It is much less than what is asked for, also
// on a machine that has other things to do.
type rate int64

func (r rate) in(per time.Duration) int64 { return max(1, int64(r)*int64(per)/int64(time.Second)) }

func tallied(limits ...ratelimit.Limit) []ratelimit.Limit {
	return append(limits, ratelimit.Window(tally, tallyTokens, hour).AsShadow())
}

func tallyAlone(time.Duration) []ratelimit.Limit {
	return []ratelimit.Limit{ratelimit.Window(tally, tallyTokens, hour)}
}

func (r rate) window(per time.Duration) []ratelimit.Limit {
	return []ratelimit.Limit{ratelimit.Window(hard, r.in(per), per)}
}

func (r rate) windowTallied(per time.Duration) []ratelimit.Limit { return tallied(r.window(per)...) }

func (r rate) bucket(time.Duration) []ratelimit.Limit {
	return []ratelimit.Limit{ratelimit.Bucket(refill, int64(r), time.Second).WithBurst(20)}
}

// bothTallied is a window and a bucket: the bucket decides while it is empty, and the window
// after a rest.
func (r rate) bothTallied(per time.Duration) []ratelimit.Limit {
	n := r.in(per)
	return tallied(ratelimit.Window(hard, n, per), ratelimit.Bucket(refill, n, per).WithBurst(max(1, n*2/3)))
}

func brief(time.Duration) []ratelimit.Limit {
	return []ratelimit.Limit{ratelimit.Window(hard, 2, 20*time.Millisecond)}
}

// limitKinds are the limiters under test. Of the first, utilisation is measured.
var limitKinds = []*limitKind{
	{name: "unit", share: 45, subjects: 2, limits: rate(100).window, call: (*limitClient).one},
	{name: "mixed", share: 10, subjects: 2, limits: rate(200).windowTallied, call: (*limitClient).mixed},
	{name: "bucket", share: 9, subjects: 2, limits: rate(100).bucket, call: (*limitClient).mixed},
	{name: "both", share: 8, subjects: 1, limits: rate(200).bothTallied, call: (*limitClient).mixed},
	{name: "brief", share: 6, subjects: briefSubjects, limits: brief, call: (*limitClient).one},
	{name: "once", share: 8, subjects: 1, receipts: longReceipts, limits: rate(150).windowTallied, call: (*limitClient).once},
	{name: "held", share: 5, subjects: 2, receipts: longReceipts, alone: true, limits: rate(150).bothTallied, call: (*limitClient).hold},
	{name: "late", share: 2, subjects: 1, receipts: shortReceipts, alone: true, limits: rate(100).windowTallied, call: (*limitClient).holdLong},
	{name: "lone", share: 5, limits: tallyAlone, call: (*limitClient).lone},
	{name: "lent", share: 2, receipts: longReceipts, alone: true, limits: tallyAlone, call: (*limitClient).lend},
}
