package ratelimit

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/state"
)

func (l *limiter) reserve(ctx context.Context, name string, n int64, opts []CallOption) (*Reservation, error) {
	c := newCall(takeAll, name, n, opts)
	if !c.once {
		c.once, c.id = true, rand.Text()
	}
	d, err := l.decide(ctx, "Reserve", c)
	r := &Reservation{Decision: d, limiter: l, name: name, id: c.id, call: takeAll + " " + tokensOf(n)}
	switch {
	case errors.Is(cmp.Or(err, d.Err), state.ErrUnknownOutcome):
		r.left = n // it may have been taken
	case err == nil && d.Source != FromPolicy:
		r.left, r.at = d.Granted, strconv.FormatInt(d.ServerTime.UnixMicro(), 10)
	}
	return r, err
}

func (l *limiter) refund(ctx context.Context, r *Reservation, n int64) (bool, error) {
	o := l.begin(ctx, "Refund", 1, bridge.Set)
	back, key, err := l.giveBack(o, r, n)
	return back, o.End(o.Label(key, err))
}

func (l *limiter) giveBack(o bridge.Operation, r *Reservation, n int64) (back bool, key string, err error) {
	if err := o.Err(); err != nil {
		return false, "", err
	}
	if n < 1 || n > r.left {
		return false, "", fmt.Errorf("%w: %d; %d can be given back", ErrTokens, n, r.left)
	}
	if key, err = o.Key(r.name); err != nil {
		return false, key, err
	}
	// It is sent as what may be repeated, as it gives back once.
	code, err := o.Client().Do(o.Context(), refundScript.ReadPrimary([]string{key}, r.id, strconv.FormatInt(n, 10), r.call, r.at)).Int()
	return code == 1, key, o.Cause(err, false)
}

func (l *limiter) reset(ctx context.Context, name string, names []string) error {
	o := l.begin(ctx, "Reset", 1, bridge.Remove)
	key, err := l.forget(o, name, names)
	return o.End(o.Label(key, err))
}

// forget resets the limits with those names, or removes all of a subject.
func (l *limiter) forget(o bridge.Operation, name string, names []string) (key string, err error) {
	if err := o.Err(); err != nil {
		return "", err
	}
	if key, err = o.Key(name); err != nil {
		return key, err
	}
	cmd := exec.Write("unlink", key)
	if len(names) > 0 {
		fields, err := l.limits.fields(names)
		if err != nil {
			return key, err
		}
		cmd = resetScript.Write([]string{key}, fields...)
	}
	return key, o.Cause(o.Client().Do(o.Context(), cmd).Err(), true)
}
