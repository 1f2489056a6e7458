package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/limitspec"
	"github.com/typedstate/typedstate/state"
)

// limiter is a Limiter without its type.
type limiter struct {
	store   *state.Store
	family  *bridge.Family
	limits  limits
	options Options
}

func newLimiter(store *state.Store, f *bridge.Family, l limits, o Options) (*limiter, error) {
	o, err := o.withDefaults()
	switch {
	case err != nil:
	case store.Client() == nil:
		err = state.ErrNoStore
	case f == nil:
		err = errNoFamily
	}
	if err != nil {
		return nil, fmt.Errorf("ratelimit: New: %w", err)
	}
	return &limiter{store, f, l, o}, nil
}

var errNoFamily = errors.New("there is no family; make one with Define")

func (l *limiter) with(given []Limit) (*limiter, error) {
	if l == nil {
		return nil, fmt.Errorf("ratelimit: With: %w", state.ErrNoStore)
	}
	other := *l
	var err error
	if other.limits, err = newLimits(given, limitspec.CheckEach); err != nil {
		return nil, fmt.Errorf("ratelimit: With: %w", err)
	}
	return &other, nil
}

// call is one call of a limiter.
type call struct {
	mode   string
	name   string // of the subject's key
	tokens int64
	once   bool
	id     string
	// ttl is that of its receipt, if it has one of its own.
	remembered bool
	ttl        time.Duration

	key string // in Redis
}

func newCall(mode, name string, tokens int64, opts []CallOption) call {
	c := call{mode: mode, name: name, tokens: tokens}
	if len(opts) == 0 {
		return c // and no memory for it, which all options have to be given
	}
	return c.with(opts)
}

// with returns c with those options.
func (c call) with(opts []CallOption) call {
	for _, o := range opts {
		if o != nil {
			o.apply(&c)
		}
	}
	return c
}

// maxIDBytes bounds an operation id.
const maxIDBytes = 256

// check returns what the caller has done wrong.
func (c *call) check() error {
	switch {
	case c.tokens < 1:
		return fmt.Errorf("%w: %d; give 1 or more", ErrTokens, c.tokens)
	case c.once && (c.id == "" || len(c.id) > maxIDBytes):
		return fmt.Errorf("%w: the OpID has %d bytes; give 1 to %d", state.ErrInvalidKey, len(c.id), maxIDBytes)
	case c.remembered && !validTTL(c.ttl):
		return fmt.Errorf("ReceiptTTL is %v; give %v to %v", c.ttl, minReceiptTTL, maxReceiptTTL)
	}
	return nil
}

// mostTokens is more than any limit has, and a number that scripts count with exactly.
const mostTokens = limitspec.MaxUnits + 1

// tokensOf returns a number of tokens as it is sent.
func tokensOf(n int64) string { return strconv.FormatInt(min(n, mostTokens), 10) }

// command returns what is sent for a call.
func (l *limiter) command(c *call) exec.Command {
	take, tokens := l.limits.take, tokensOf(c.tokens)
	switch {
	case c.mode == takeNone:
		// Only a primary knows what was taken, and only EVALSHA knows the time on every server.
		return take.ReadPrimary(c.key, tokens, c.mode)
	case c.once:
		return take.Write(c.key, tokens, c.mode, c.id, strconv.FormatInt(cmp.Or(c.ttl, l.options.ReceiptTTL).Microseconds(), 10))
	case c.tokens == 1 && c.mode == takeAll:
		return take.Write(c.key)
	}
	return take.Write(c.key, tokens, c.mode)
}

// decide makes one call.
func (l *limiter) decide(ctx context.Context, op string, c call) (Decision, error) {
	o, cancel := l.beginInTime(ctx, op, 1, c.needs())
	defer cancel()
	err := l.prepare(o, &c)
	if err != nil {
		return Decision{}, o.End(o.Label(c.key, err))
	}
	d, err := l.decision(o, &c, o.Client().Do(o.Context(), l.command(&c)))
	return l.settle(ctx, &c, d, o.End(o.Label(c.key, err)))
}

func (c *call) needs() bridge.Permission {
	if c.mode == takeNone {
		return bridge.Get
	}
	return bridge.Set
}

// begin begins an operation. That of a zero Limiter must not run.
func (l *limiter) begin(ctx context.Context, name string, keys int, needs bridge.Permission) bridge.Operation {
	if l == nil {
		return bridge.Begin(ctx, nil, bridge.Call{Name: name})
	}
	return bridge.Begin(ctx, l.store, bridge.Call{Name: name, Family: l.family, Keys: keys, Needs: needs})
}

// beginInTime begins an operation that ends by the time that the options give it.
func (l *limiter) beginInTime(ctx context.Context, name string, keys int, needs bridge.Permission) (bridge.Operation, context.CancelFunc) {
	cancel := context.CancelFunc(func() {})
	if l != nil && l.options.Timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, l.options.Timeout)
	}
	return l.begin(ctx, name, keys, needs), cancel
}

// prepare checks a call and finds out its key.
func (l *limiter) prepare(o bridge.Operation, c *call) (err error) {
	if err := o.Err(); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	c.key, err = o.Key(c.name)
	return err
}

// decision returns what a reply says.
func (l *limiter) decision(o bridge.Operation, c *call, reply exec.Reply) (Decision, error) {
	list, err := reply.List()
	if err != nil {
		return Decision{}, o.Cause(err, c.mode != takeNone)
	}
	d, err := l.limits.decode(list)
	if errors.As(err, new(*exec.UnexpectedError)) {
		err = o.Cause(err, c.mode != takeNone)
	}
	if d.Granted == mostTokens { // all limits are shadows
		d.Granted = c.tokens
	}
	return d, err
}

// settle returns what the options make of an error of a call that was sent.
func (l *limiter) settle(ctx context.Context, c *call, d Decision, err error) (Decision, error) {
	switch {
	case err == nil, l.options.OnFailure == ReturnError, over(ctx):
		return d, err
	case errors.Is(err, ErrRefunded), errors.Is(err, ErrOpIDReused), errors.Is(err, state.ErrClosed):
		return d, err // the caller has done something wrong
	}
	d = Decision{Source: FromPolicy, Err: err}
	if l.options.OnFailure == FailClosed {
		d.RetryAfter = policyRetry
		return d, nil
	}
	if d.Allowed = true; c.mode != takeNone {
		d.Granted = c.tokens
	}
	return d, nil
}

// over reports whether ctx has ended. A deadline reaches the socket too, which can time out an
// instant before the context notices.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// policyRetry is what a denial by policy says of when to come again. Nobody knows, and no
// time at all would have callers come at once.
const policyRetry = time.Second
