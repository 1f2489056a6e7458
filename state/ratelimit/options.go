package ratelimit

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/typedstate/typedstate/internal/limitspec"
)

// Options say how a limiter behaves where Redis does not decide. The zero value returns
// an error then.
type Options struct {
	// OnFailure is what a call comes to that Redis does not decide: because it cannot be
	// reached, does not answer in time, refuses the call, or has answered and the reply
	// was lost.
	OnFailure FailurePolicy
	// Timeout bounds how long a call may take to be decided, beside the caller's context; 0
	// is that context alone. It does not bound refunds and resets.
	Timeout time.Duration
	// ReceiptTTL is how long a call with an [OpID] and a reservation are remembered, by
	// the time of the server, up to 366 days; 0 is 10 minutes. Each takes about 300 bytes of
	// the subject's hash meanwhile.
	ReceiptTTL time.Duration
}

// FailurePolicy is what a call comes to that Redis does not decide.
type FailurePolicy uint8

// The policies. What a caller has done wrong is an error under all of them, such as to use a
// store that is closed, and so is the end of the caller's context.
const (
	// ReturnError returns the error, which matches state.ErrUnknownOutcome if the call
	// may have been counted.
	ReturnError FailurePolicy = iota
	// FailOpen grants what was asked for. Decision.Err is the error, which is what an Observer
	// of the store is told, too.
	FailOpen
	// FailClosed denies it. Decision.Err is the error.
	FailClosed
)

const (
	defaultReceiptTTL = 10 * time.Minute
	minReceiptTTL     = time.Millisecond
	maxReceiptTTL     = limitspec.MaxPer
)

func validTTL(d time.Duration) bool { return minReceiptTTL <= d && d <= maxReceiptTTL }

func (o Options) withDefaults() (Options, error) {
	o.ReceiptTTL = cmp.Or(o.ReceiptTTL, defaultReceiptTTL)
	switch {
	case o.OnFailure > FailClosed:
		return o, fmt.Errorf("Options.OnFailure is %d; give ReturnError, FailOpen or FailClosed", o.OnFailure)
	case o.Timeout < 0:
		return o, fmt.Errorf("Options.Timeout is %v; give a positive time, or 0 for the context alone", o.Timeout)
	case !validTTL(o.ReceiptTTL):
		return o, fmt.Errorf("Options.ReceiptTTL is %v; give %v to %v, or 0 for %v", o.ReceiptTTL, minReceiptTTL, maxReceiptTTL, defaultReceiptTTL)
	}
	return o, nil
}

// CallOption changes one call.
type CallOption interface{ apply(*call) }

// OpID gives a call an id of 1 to 256 bytes, under which Redis remembers for
// Options.ReceiptTTL what it was granted. A repeat of the call with the same id, after
// state.ErrUnknownOutcome or a crash, is answered as the first was and not charged again.
// A denial is not remembered, as it was charged nothing: a repeat asks anew.
//
// The id is unique to the call among those of its subject, such as that of a message. The call
// fails with [ErrOpIDReused] if it was used for another number of tokens, or for AllowUpTo and
// not for this, and with [ErrRefunded] if what it was granted has been given back.
func OpID(id string) CallOption { return opIDOption{id} }

type opIDOption struct{ id string }

// Format prints nothing of the id, which can name a person.
func (opIDOption) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "ratelimit.OpID") }

func (o opIDOption) apply(c *call) { c.once, c.id = true, o.id }

// ReceiptTTL has a call with an [OpID], or a reservation, remembered for that long, and not
// for Options.ReceiptTTL. It is a millisecond or more.
func ReceiptTTL(d time.Duration) CallOption { return receiptTTLOption(d) }

type receiptTTLOption time.Duration

func (o receiptTTLOption) apply(c *call) { c.remembered, c.ttl = true, time.Duration(o) }
