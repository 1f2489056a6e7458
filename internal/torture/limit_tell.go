package main

import (
	"math"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// tell reports what came of a run in which the servers have executed so many scripts.
func (l *limiting) tell(h harvest, executed int64) {
	subjects := bySubject(h.Charges)
	t := limitTotals{
		overWindow: l.over(subjects, hard, overWindow), overBucket: l.over(subjects, refill, overBucket),
		utilisation: l.utilisation(subjects), executions: executionsPerCall(h, executed), immortal: l.mortals.immortal.Load(),
		calls: h.Calls, decisions: h.Calls - h.Unknown - h.Failed, unknown: h.Unknown,
		kills: l.kills.Load(), flushes: l.flushes.Load(), stalls: l.stalls.Load(), handovers: l.handovers.Load(),
	}
	books := l.books(subjects)
	t.refunded = books.refunded
	for _, c := range h.Charges {
		if c.Twice && !l.doubts.meet(c.Since, max(c.Until, c.BackAt)) {
			h.Wrong++
			l.odd.add(c.Kind, errOther)
		}
	}
	l.out.ops(h.Calls + h.Refunds)
	l.out.limited(t)
	set := func(name string, value any) { l.out.set(name+"_"+l.name, value) }
	set("admitted_over_limit", t.overWindow)
	set("admitted_over_bucket_limit", t.overBucket)
	set("utilisation", t.utilisation)
	set("executions_per_call", t.executions)
	set("refunded_over_charged", t.refunded)
	set("charged_again", books.again)
	set("charged_never", books.never)
	set("limit_wrong_sums", books.wrong)
	set("limit_wrong_answers", h.Wrong)
	set("immortal_keys", t.immortal)
	set("limit_keys_seen", l.mortals.sampled.Load())
	set("limit_calls", h.Calls)
	set("limit_decisions", t.decisions)
	set("limit_denied", h.Denied)
	set("limit_receipts", h.Receipts)
	set("limit_unknown", h.Unknown)
	set("limit_failed", h.Failed)
	set("limit_refunds", h.Refunds)
	set("limit_refund_errors", h.RefundErrors)
	set("limit_own_subjects", books.own)
	set("limit_faults", l.dice.n.Load())
	set("limit_kills", t.kills)
	set("limit_flushes", t.flushes)
	set("limit_stalls", t.stalls)
	if l.name != "single" {
		set("limit_handovers", t.handovers)
		set("limit_acts_failed", l.actsFailed.Load())
	}
	if l.name == "cluster" {
		set("limit_moves", l.moves.Load())
	}
	for text, n := range h.Complaints {
		l.tb.Logf("%d times: %s", n, text)
	}
	l.odd.tell(l.bench)
}

// executionsPerCall returns how many scripts were executed for each call: one, unless more
// were than calls were answered or may have been executed, or fewer than were answered.
func executionsPerCall(h harvest, executed int64) float64 {
	least := h.Decisions + h.Answered
	most := least + h.UnknownTogether + h.Sent - h.Answered - h.Refused
	if least == 0 {
		return math.NaN()
	}
	return float64(executed) / float64(min(max(executed, least), most))
}

// over returns the largest of what over finds of a limit in all reigns of all subjects that
// have it.
func (l *limiting) over(subjects map[place][]charge, name string, over func([]grant, ratelimit.Limit) float64) (most float64) {
	for _, k := range limitKinds {
		limit, has := k.limit(l.order.Per, name)
		if !has {
			continue
		}
		for p, all := range subjects {
			if p.kind != k.name {
				continue
			}
			for _, reign := range grants(all, l.doubts) {
				most = max(most, over(reign, limit))
			}
		}
	}
	return most
}

// utilisation is that of the windows of which one token after the other was asked for, while
// nothing was broken.
func (l *limiting) utilisation(subjects map[place][]charge) float64 {
	var paces []pace
	for p, all := range subjects {
		if p.kind != limitKinds[0].name {
			continue
		}
		limit, _ := limitKinds[0].limit(l.order.Per, hard)
		for _, reign := range grants(all, l.doubts) {
			for _, calm := range l.calms {
				paces = append(paces, paceOf(reign, calm.from, calm.to, limit))
			}
		}
	}
	return utilisation(paces, l.order.Per)
}
