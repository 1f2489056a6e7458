package httplimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// ErrExempt is what the function of [Per] returns of a request that the check is not for,
// such as one of an administrator. The other checks are asked as ever.
var ErrExempt = errors.New("the request is exempt from this check")

// Check limits requests by one subject of each. [Per] makes one.
type Check struct {
	wrong   string // with what Per was given
	prefix  string
	limits  []ratelimit.Limit
	subject func(*http.Request) (ask, error)
}

// ask takes a token of the subject of a request. Unless it is the last to be asked, it
// returns what gives the token back, which costs Redis a receipt.
type ask func(ctx context.Context, last bool) (ratelimit.Decision, refund, error)

// Per returns the check of the subject that a request has, such as its user. subject should
// take it from what the request has proved: a header that anybody can write gives everybody
// as many subjects as they like. It is called once for each request, before anything is
// taken. What it returns as an error goes to Options.OnError, but for [ErrExempt]. So does
// state.ErrInvalidKey, if the subject is empty or too long for a key.
func Per[K any](l *ratelimit.Limiter[K], subject func(*http.Request) (K, error)) Check {
	switch {
	case l == nil || reflect.ValueOf(l).Elem().IsZero():
		return Check{wrong: "has no limiter; give Per one that ratelimit.New has made"}
	case subject == nil:
		return Check{wrong: "has no function; give Per one that finds the subject of a request"}
	}
	return Check{limits: l.Limits(), subject: func(r *http.Request) (ask, error) {
		k, err := subject(r)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, last bool) (ratelimit.Decision, refund, error) {
			if last {
				d, err := l.Allow(ctx, k)
				return d, nil, err
			}
			taken, err := l.Reserve(ctx, k, 1, ratelimit.ReceiptTTL(receiptTTL))
			return taken.Decision, taken.Refund, err
		}, nil
	}}
}

// Prefix returns the check with p before the names of its limits, where clients see them:
// "minute" of a check with the prefix "user-" is the policy "user-minute". It is of the
// characters that a limit's name is of: a-z, 0-9, "_" and "-".
func (c Check) Prefix(p string) Check { c.prefix = p; return c }

// validate returns what is wrong with checks as those of one middleware.
func validate(checks []Check) error {
	if len(checks) == 0 {
		return errors.New("there are no checks; give one or more, made by Per")
	}
	seen := map[string]bool{}
	for i, c := range checks {
		switch {
		case c.wrong != "":
			return fmt.Errorf("check %d %s", i+1, c.wrong)
		case c.subject == nil:
			return fmt.Errorf("check %d was not made by Per", i+1)
		case strings.Trim(c.prefix, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "":
			return fmt.Errorf("check %d has the prefix %q; use a-z, 0-9, \"_\" and \"-\"", i+1, c.prefix)
		}
		for _, l := range c.limits {
			name := c.prefix + l.Name()
			if seen[name] {
				return fmt.Errorf("two checks have a limit %q; tell them apart for clients by Check.Prefix", name)
			}
			seen[name] = true
		}
	}
	return nil
}
