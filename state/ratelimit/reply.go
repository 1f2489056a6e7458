package ratelimit

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// The codes of replies of take.lua that are no decision of the call itself.
const (
	codeReceipt  = 2
	codeRefunded = 3
	codeReused   = 4
)

// errReply is the error of a reply that no script of this package makes.
var errReply = &exec.UnexpectedError{Kind: "an array of other elements"}

// decode returns what a reply of take.lua says: a code, the time, how many tokens were granted,
// and four numbers for each limit.
func (l *limits) decode(list []any) (d Decision, err error) {
	if len(list) == 1 || len(list) == 2 {
		switch code, _ := list[0].(int64); code {
		case codeReceipt:
			d.Source, list = FromReceipt, split(list[len(list)-1])
		case codeRefunded:
			return d, ErrRefunded
		case codeReused:
			return d, ErrOpIDReused
		}
	}
	unexpected := len(list) != 3+4*len(l.list) && (d.Source != FromReceipt || len(list) != 3)
	number := func(i int) int64 {
		if unexpected {
			return 0
		}
		n, ok := list[i].(int64)
		unexpected = !ok
		return n
	}
	d.Allowed, d.ServerTime, d.Granted = number(0) == 1, time.UnixMicro(number(1)), number(2)
	if len(list) > 3 { // or else it is a receipt of other limits
		d.Limits = make([]Usage, len(l.list))
	}
	for i := range d.Limits {
		at, u := 3+4*i, &d.Limits[i]
		u.Limit, u.Remaining = l.list[i], number(at)
		u.RetryAfter, u.NextAfter, u.ResetAfter = micros(number(at+1)), micros(number(at+2)), micros(number(at+3))
		u.Denied = u.RetryAfter > 0
	}
	if unexpected {
		return Decision{}, errReply
	}
	d.decide()
	return d, nil
}

// split returns the numbers in the text of a receipt, or nothing.
func split(v any) (list []any) {
	text, _ := v.(string)
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// micros returns that many microseconds, and [Never] for less than none.
func micros(n int64) time.Duration {
	if n < 0 || n > math.MaxInt64/int64(time.Microsecond) {
		return Never
	}
	return time.Duration(n) * time.Microsecond
}
