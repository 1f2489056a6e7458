package ratelimit

import (
	"context"
	"fmt"
)

// Reservation is what [Limiter.Reserve] has taken, or was denied.
type Reservation struct {
	Decision

	limiter *limiter
	name    string // of the subject's key
	id      string
	call    string // mode and tokens
	at      string // the time that was replied, in microseconds, or ""
	left    int64  // how many tokens it can give back
}

// Refund gives back all tokens of the reservation, once, and reports whether they are back,
// by this call or an earlier one. It is false if there was nothing to give back, if another
// number was given back before, or if it is too late: after Options.ReceiptTTL, or
// [Limiter.Reset].
//
// A limit gets back what it still counts of the tokens, which is nothing once its per has
// passed; a bucket counts tokens that were taken first as those that refill first, and one
// that was redefined in between may get nothing back. So a refund never lets more pass than the
// limits allow.
//
// It may be repeated, after a lost reply too, and does that by itself while ctx lasts, or for 10
// seconds if that has no deadline. It sends EVALSHA with TIME, HMGET and HSET in it. O(m+s).
func (r *Reservation) Refund(ctx context.Context) (bool, error) {
	return r.RefundN(ctx, r.left)
}

// RefundN is [Reservation.Refund] for n of the tokens; the others are used for good. If n is 0 it
// does nothing. It fails with [ErrTokens] if n is less, or more than was taken.
func (r *Reservation) RefundN(ctx context.Context, n int64) (bool, error) {
	if n == 0 {
		return false, nil
	}
	return r.limiter.refund(ctx, r, n)
}

// Format prints the decision, and nothing of the subject and the id, which can name a person.
func (r Reservation) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), r.Decision)
}
