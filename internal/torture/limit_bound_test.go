//go:build unix

package main

import (
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestAWindowIsHeldAgainstEachInterval(t *testing.T) {
	t.Parallel()
	l := ratelimit.Window(hard, 10, time.Millisecond)
	for name, c := range map[string]struct {
		grants []grant
		want   float64
	}{
		"nothing":                   {nil, 0},
		"all at once":               {[]grant{{5, 10}}, 1},
		"a window later":            {[]grant{{5, 10}, {1005, 10}}, 1},
		"a microsecond too early":   {[]grant{{5, 10}, {1004, 1}}, 1.1},
		"around a boundary":         {[]grant{{900, 6}, {1100, 6}}, 1.2},
		"the fullest is not last":   {[]grant{{0, 4}, {10, 8}, {5000, 10}}, 1.2},
		"it slides past the oldest": {[]grant{{0, 5}, {600, 5}, {1000, 5}, {1599, 1}}, 1.1},
	} {
		assert.InDelta(t, c.want, overWindow(c.grants, l), 1e-9, name)
	}
}

// slowly is overBucket, for all intervals one after the other.
func slowly(all []grant, l ratelimit.Limit) (ratio float64) {
	for i := range all {
		var sum int64
		for _, g := range all[i:] {
			sum += g.tokens
			room := float64(l.Capacity()) + float64(l.N()*(g.at-all[i].at))/float64(l.Per().Microseconds())
			ratio = max(ratio, float64(sum)/room)
		}
	}
	return ratio
}

func TestABucketIsHeldAgainstEachInterval(t *testing.T) {
	t.Parallel()
	l := ratelimit.Bucket(refill, 10, time.Millisecond).WithBurst(5)
	assert.Zero(t, overBucket(nil, l))
	assert.InDelta(t, 1.0, overBucket([]grant{{0, 5}, {100, 1}}, l), 0)
	assert.Greater(t, overBucket([]grant{{0, 5}, {99, 1}}, l), 1.0)
	assert.Greater(t, overBucket([]grant{{0, 1}, {5000, 5}, {5099, 1}, {9000, 1}}, l), 1.0)
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var all []grant
		at := int64(0)
		for range r.IntN(40) {
			at += r.Int64N(300)
			all = append(all, grant{at, 1 + r.Int64N(4)})
		}
		assert.InDelta(t, slowly(all, l), overBucket(all, l), 1e-9)
	}
}

func TestThePaceDoesNotDependOnBursts(t *testing.T) {
	t.Parallel()
	l := ratelimit.Window(hard, 4, time.Millisecond)
	var bursts, steady []grant
	for i := range int64(10) {
		bursts = append(bursts, grant{i * 1250, 4})
		for j := range int64(4) {
			steady = append(steady, grant{i*1250 + j*312, 1})
		}
	}
	for _, all := range [][]grant{bursts, steady} {
		assert.InDelta(t, 0.8, utilisation([]pace{paceOf(all, 0, math.MaxInt64, l)}, l.Per()), 0.01)
		assert.InDelta(t, 0.8, utilisation([]pace{paceOf(all, 1300, 6000, l)}, l.Per()), 0.01)
	}
	// What was granted before and after does not count.
	fast := append([]grant{{-10, 40}}, bursts...)
	assert.InDelta(t, 0.8, utilisation([]pace{paceOf(append(fast, grant{11250, 40}), 0, 11249, l)}, l.Per()), 0.01)
	assert.Equal(t, pace{}, paceOf(bursts[:1], 0, math.MaxInt64, l))
	assert.True(t, math.IsNaN(utilisation([]pace{{}}, l.Per())))
}

func TestTokensCountInTheReignThatGrantedThem(t *testing.T) {
	t.Parallel()
	doubts := spans{{100, 200}, {300, 400}}
	all := []charge{
		{Granted: 1, At: 250}, {Granted: 2, At: 50}, {Granted: 3, At: 150}, {Granted: 4, At: 401}, {Granted: 5, At: 400},
		{Granted: 6, At: 60, Back: 6, Refund: done}, {Granted: 7, At: 70, Back: 3, Refund: done}, {Granted: 8, At: 80, Back: 8, Refund: doubtful},
		{Granted: 9, At: 90, Back: 9, Refund: idle}, {Asked: 10, Fate: doubtful}, {Granted: 11, Refund: done},
	}
	assert.Equal(t, [][]grant{{{50, 2}, {70, 4}, {90, 9}}, {{250, 1}}, {{401, 4}}}, grants(all, doubts))
}

func TestChargesOfOneIDAreOne(t *testing.T) {
	t.Parallel()
	told := func(granted, at int64, of fate) charge {
		return charge{Kind: "k", Subject: "s", ID: "i", Asked: 3, Granted: granted, At: at, Fate: of}
	}
	other := charge{Kind: "k", Subject: "s", ID: "j", Granted: 3}
	none := charge{Kind: "k", Subject: "s", Granted: 3}
	back := told(3, 0, done)
	back.Back, back.Refund = 2, done
	for name, c := range map[string]struct {
		all   []charge
		want  int
		kept  int64
		twice bool
	}{
		"the same":             {[]charge{told(3, 7, done), told(3, 7, done), told(0, 0, doubtful)}, 1, 3, false},
		"another id":           {[]charge{told(3, 7, done), other}, 2, 3, false},
		"no id":                {[]charge{none, none}, 2, 3, false},
		"given back by one":    {[]charge{told(3, 7, done), back}, 1, 1, false},
		"a receipt of it":      {[]charge{told(3, 7, done), told(3, 7, done), back, told(0, 0, idle)}, 1, 1, false},
		"granted at two times": {[]charge{told(3, 7, done), told(3, 8, done)}, 1, 3, true},
		"other tokens":         {[]charge{told(3, 7, done), told(2, 7, done)}, 1, 3, true},
	} {
		once := merged(c.all)
		assert.Len(t, once, c.want, name)
		assert.Equal(t, c.kept, once[0].kept(), name)
		assert.Equal(t, c.twice, once[0].Twice, name)
		assert.Equal(t, c.all[0].At, once[0].At, name)
	}
}

func TestABillSaysWhatMayBeUsed(t *testing.T) {
	t.Parallel()
	l := &limiting{storms: &storms{doubts: spans{{1000, 2000}}}}
	known := func(granted, back int64, of fate) charge {
		return charge{Fate: done, Granted: granted, Asked: granted, Since: 1, Until: 2, Back: back, Refund: of, RefundAt: 3, BackAt: 4}
	}
	late := known(8, 8, done)
	late.RefundAt, late.BackAt = 900, 1100
	lost := known(5, 0, pending)
	lost.Since, lost.Until = 1500, 1501
	for name, c := range map[string]struct {
		charge charge
		want   bill
	}{
		"used":                         {known(5, 0, pending), bill{least: 5, most: 5, charged: 5}},
		"given back":                   {known(5, 3, done), bill{least: 2, most: 2, charged: 5, back: 3}},
		"perhaps given back":           {known(5, 3, doubtful), bill{least: 2, most: 5, charged: 5, back: 3}},
		"not given back":               {known(5, 3, idle), bill{least: 5, most: 5, charged: 5}},
		"unknown":                      {charge{Fate: doubtful, Asked: 5}, bill{most: 5}},
		"nothing":                      {charge{Fate: idle, Asked: 5}, bill{}},
		"granted while it may be lost": {lost, bill{most: 5}},
		"given back while it may be":   {late, bill{most: 8, charged: 8, back: 8}},
	} {
		assert.Equal(t, c.want, l.bill([]charge{c.charge}), name)
	}
}

func TestBooksAreHeldAgainstTheirBills(t *testing.T) {
	t.Parallel()
	own, shared := &limitKind{}, &limitKind{subjects: 1}
	b := books{refunded: math.NaN()}
	for _, c := range []struct {
		used int64
		bill bill
		kind *limitKind
	}{
		{5, bill{least: 5, most: 5, charged: 5}, own},
		{6, bill{least: 5, most: 5, charged: 5}, own},
		{0, bill{least: 5, most: 5, charged: 5}, own},
		{9, bill{least: 5, most: 7, charged: 5}, shared},
		{2, bill{least: 5, most: 7, charged: 5}, shared},
		{6, bill{least: 5, most: 7, charged: 5}, shared},
	} {
		b.hold(c.used, c.bill, c.kind, nil)
	}
	assert.True(t, math.IsNaN(b.refunded))
	b.hold(6, bill{least: 6, most: 6, charged: 10, back: 4}, own, nil)
	assert.InDelta(t, 1.0, b.refunded, 0)
	b.hold(2, bill{least: 2, most: 6, charged: 10, back: 4}, shared, nil)
	assert.InDelta(t, 2.0, b.refunded, 0)
	assert.Equal(t, books{own: 4, again: 1, never: 1, wrong: 5, refunded: 2}, b)
	b.hold(0, bill{}, shared, errNoTally)
	assert.Equal(t, int64(6), b.wrong)
}

func TestExecutionsAreThoseOfCalls(t *testing.T) {
	t.Parallel()
	h := harvest{Decisions: 80, UnknownTogether: 5, Sent: 30, Answered: 20, Refused: 7}
	for executed, want := range map[int64]float64{100: 1, 104: 1, 108: 1, 99: 0.99, 216: 2} {
		assert.InDelta(t, want, executionsPerCall(h, executed), 1e-9, executed)
	}
	assert.True(t, math.IsNaN(executionsPerCall(harvest{}, 1)))
}

func TestTheWorstDeploymentIsToldForAll(t *testing.T) {
	t.Parallel()
	totals := func(all ...limitTotals) (rep *report) {
		rep = newReport(io.Discard)
		for _, one := range all {
			rep.section("s").limited(one)
		}
		rep.totals()
		return rep
	}
	good := limitTotals{
		overWindow: 1, overBucket: 1, utilisation: 0.97, executions: 1, refunded: 1,
		calls: 200, decisions: 200, unknown: 1, kills: 1, flushes: 1, stalls: 1,
	}
	for figure, spoil := range map[string]func(*limitTotals){
		"admitted_over_limit":        func(l *limitTotals) { l.overWindow = 1.1 },
		"admitted_over_bucket_limit": func(l *limitTotals) { l.overBucket = 1.1 },
		"utilisation":                func(l *limitTotals) { l.utilisation = math.NaN() },
		"executions_per_call":        func(l *limitTotals) { l.executions = 0.5 },
		"refunded_over_charged":      func(l *limitTotals) { l.refunded = 2 },
		"immortal_keys":              func(l *limitTotals) { l.immortal = 1 },
	} {
		bad := good
		spoil(&bad)
		for _, rep := range []*report{totals(bad, good), totals(good, bad)} {
			assert.Equal(t, int64(400), rep.limits.calls)
			assert.True(t, broken(rep, figure), figure)
			assert.Len(t, rep.broken, 2, figure) // and that there were no calls
		}
	}
}
