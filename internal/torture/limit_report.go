package main

import (
	"math"
	"strings"
)

// limitTotals are the figures of a deployment that are told of all together, too.
type limitTotals struct {
	overWindow, overBucket, utilisation, executions, refunded float64
	immortal                                                  int64
	calls, decisions, unknown, kills, flushes, stalls         int64
	handovers                                                 int64
}

// tell prints them.
func (t limitTotals) tell(r *report) {
	r.figure("all", "admitted_over_limit", t.overWindow)
	r.figure("all", "admitted_over_bucket_limit", t.overBucket)
	r.figure("all", "utilisation", t.utilisation)
	r.figure("all", "executions_per_call", t.executions)
	r.figure("all", "refunded_over_charged", t.refunded)
	r.figure("all", "limit_calls", t.calls)
	r.figure("all", "limit_decisions", t.decisions)
	r.figure("all", "limit_unknown", t.unknown)
	r.figure("all", "limit_kills", t.kills)
	r.figure("all", "limit_flushes", t.flushes)
	r.figure("all", "limit_stalls", t.stalls)
	r.figure("all", "limit_handovers", t.handovers)
}

// limited adds what a scenario of limiters came to: the sums of its counts, and of what is
// bounded the worst.
func (s *section) limited(t limitTotals) {
	s.immortal(t.immortal)
	l := &s.report.limits
	if !s.report.limited {
		s.report.limited, *l = true, t
		return
	}
	l.overWindow = max(l.overWindow, t.overWindow)
	l.overBucket = max(l.overBucket, t.overBucket)
	l.utilisation = min(l.utilisation, t.utilisation)
	if math.Abs(t.executions-1) > math.Abs(l.executions-1) || math.IsNaN(t.executions) {
		l.executions = t.executions
	}
	l.refunded = max(l.refunded, t.refunded)
	l.calls += t.calls
	l.decisions += t.decisions
	l.unknown += t.unknown
	l.kills += t.kills
	l.flushes += t.flushes
	l.stalls += t.stalls
	l.handovers += t.handovers
}

// boundOf returns the bound of a figure.
func boundOf(name string) (b bound, bounded bool) {
	if b, bounded = bounds[name]; bounded {
		return b, true
	}
	for _, on := range deployments {
		figure, found := strings.CutSuffix(name, "_"+on)
		if b, bounded = limitBounds[figure]; found && bounded {
			return b, true
		}
	}
	if b, bounded = limitBounds[name]; bounded {
		return b, true
	}
	return jobBound(name)
}

// limitBounds are those of limiters, on each deployment and on all together. The limits
// were reached, or it proves nothing that they were kept.
var limitBounds = map[string]bound{
	"admitted_over_limit":        {0.9, 1},
	"admitted_over_bucket_limit": {0.9, 1},
	"utilisation":                {0.94, 1},
	"executions_per_call":        exactly(1),
	"refunded_over_charged":      {0.9, 1},
	"charged_again":              exactly(0),
	"charged_never":              exactly(0),
	"limit_wrong_sums":           exactly(0),
	"limit_wrong_answers":        exactly(0),
	"immortal_keys":              exactly(0),
	"limit_keys_seen":            atLeast(100),
	"limit_own_subjects":         atLeast(10),
	"limit_calls":                atLeast(100),
	"limit_decisions":            atLeast(100),
	"limit_denied":               atLeast(1),
	"limit_receipts":             atLeast(1),
	"limit_refunds":              atLeast(10),
	"limit_unknown":              atLeast(1),
	"limit_faults":               atLeast(1),
	"limit_kills":                atLeast(1),
	"limit_flushes":              atLeast(1),
	"limit_stalls":               atLeast(1),
}
