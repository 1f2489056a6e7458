package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// tour is one run of the steps.
type tour struct {
	out   io.Writer
	store *state.Store
	step  int
}

func (t *tour) run(ctx context.Context) (err error) {
	defer func() {
		_, removed := state.Remove(context.WithoutCancel(ctx), t.store,
			SessionKey("alice@example.com"), SessionKey("a:b {*}"), SessionKey("brief"), SessionKey("watched"),
			ResumePointKey("orders", 7), TokenKey("t1"))
		err = errors.Join(err, removed)
	}()
	steps := []func(context.Context) error{
		t.set, t.get, t.encode, t.resume, t.expire, t.watch, t.take, t.limit, t.job, t.refuse,
	}
	for i, step := range steps {
		t.step = i + 1
		if err := step(ctx); err != nil {
			return fmt.Errorf("step %d: %w", t.step, err)
		}
	}
	t.sayf("\nNext: read shop.go beside this file, change a struct in it, and run go build ./examples/tour.")
	return nil
}

// set stores a session. The TTL is the family's and part of the same command.
func (t *tour) set(ctx context.Context) error {
	t.title("A session is stored with its TTL")
	sessions := NewSessionStore(t.store)
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	session := Session{Cart: []Item{{SKU: "tea & milk", Count: 2}}, UpdatedAt: at}
	if err := sessions.Set(ctx, "alice@example.com", session); err != nil {
		return err
	}
	return t.show(ctx, SessionKey("alice@example.com"))
}

// get reads it back as the struct that it was.
func (t *tour) get(ctx context.Context) error {
	t.title("It is read back as a struct, and a missing one is an error")
	sessions := NewSessionReader(t.store)
	session, err := sessions.Get(ctx, "alice@example.com")
	if err != nil {
		return err
	}
	t.sayf("   %d x %q, updated %s", session.Cart[0].Count, session.Cart[0].SKU, session.UpdatedAt.Format(time.DateTime))
	_, err = sessions.Get(ctx, "bob@example.com")
	t.sayf("   %v", err)
	return t.expect(err, state.ErrNotFound)
}

// encode stores a session under an ID that would break a key made by hand.
func (t *tour) encode(ctx context.Context) error {
	t.title("No ID can break out of its part of the key")
	if err := NewSessionStore(t.store).Set(ctx, "a:b {*}", Session{}); err != nil {
		return err
	}
	return t.show(ctx, SessionKey("a:b {*}"))
}

// resume keeps a position that never expires, under a key with a number.
func (t *tour) resume(ctx context.Context) error {
	t.title("A worker's position stays, as its family says why")
	points := NewResumePointStore(t.store)
	if err := points.Set(ctx, "orders", 7, ResumePoint{Offset: 9007199254740993}); err != nil {
		return err
	}
	return t.show(ctx, ResumePointKey("orders", 7))
}

// expire waits until a session is gone.
func (t *tour) expire(ctx context.Context) error {
	t.title("A value that lives for 300ms is gone after it")
	sessions := NewSessionStore(t.store)
	if err := sessions.Set(ctx, "brief", Session{}, state.TTL(300*time.Millisecond)); err != nil {
		return err
	}
	for _, wait := range []time.Duration{0, 400 * time.Millisecond} {
		time.Sleep(wait)
		_, found, err := sessions.Lookup(ctx, "brief")
		if err != nil {
			return err
		}
		t.sayf("   after %v: found %t", wait, found)
	}
	return nil
}

// watch changes a session each time that its watcher is shown a state of it.
func (t *tour) watch(ctx context.Context) error {
	t.title("A watcher is shown each state of a session, and its end")
	sessions := NewSessionStore(t.store)
	for e, err := range sessions.Watch(ctx, "watched") {
		if err != nil {
			return err
		}
		t.sayf("   %s: %d in the cart", e.Kind, len(e.Value.Cart))
		switch {
		case e.Kind == state.EventExpired:
			return nil
		case !e.Found:
			err = sessions.Set(ctx, "watched", Session{})
		case len(e.Value.Cart) == 0:
			err = sessions.Set(ctx, "watched", Session{Cart: []Item{{SKU: "tea", Count: 1}}}, state.TTL(300*time.Millisecond))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take uses a token up.
func (t *tour) take(ctx context.Context) error {
	t.title("A token is taken once; its family is stored as MessagePack")
	if err := state.SetIfAbsent(ctx, t.store, TokenKey("t1"), Token{UserID: "alice"}); err != nil {
		return err
	}
	if err := t.show(ctx, TokenKey("t1")); err != nil {
		return err
	}
	token, err := state.Take(ctx, t.store, TokenKey("t1"))
	if err != nil {
		return err
	}
	t.sayf("   first: %s", token.UserID)
	_, err = state.Take(ctx, t.store, TokenKey("t1"))
	t.sayf("   second: %v", err)
	return t.expect(err, state.ErrNotFound)
}

// limit calls until a limit denies it.
func (t *tour) limit(ctx context.Context) error {
	t.title("A user may call 3 times in any minute, and 10 times in an hour: both are decided in one step")
	calls, err := NewCallsLimiter(t.store, ratelimit.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = calls.Reset(context.WithoutCancel(ctx), "alice@example.com") }()
	for range 4 {
		d, err := calls.Allow(ctx, "alice@example.com")
		if err != nil {
			return err
		}
		if !d.Allowed {
			t.sayf("   denied by %s, again in %v", d.DecidedBy, d.RetryAfter.Round(time.Second))
			continue
		}
		t.sayf("   granted, %d left in the minute and %d in the hour", d.Limits[0].Remaining, d.Limits[1].Remaining)
	}
	return nil
}

// job has a job done, by a second attempt after the first has failed.
func (t *tour) job(ctx context.Context) error {
	t.title("A job is created once and done once, and what fails goes on where it was")
	exports, err := NewExportTracker(t.store, jobs.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = exports.Delete(context.WithoutCancel(ctx), "2026-10") }()
	for range 2 {
		status, created, err := exports.Create(ctx, "2026-10")
		if err != nil {
			return err
		}
		t.sayf("   %v, created %t", status.State, created)
	}
	status, err := exports.Do(ctx, "2026-10", t.export)
	t.sayf("   %v after %d orders, since %v", status.State, status.Progress.Orders, err)
	status, err = exports.Do(ctx, "2026-10", t.export)
	if err != nil {
		return err
	}
	file, err := status.Result()
	t.sayf("   %v after %d orders: %s", status.State, status.Progress.Orders, file.Name)
	if err != nil {
		return err
	}
	_, err = exports.Do(ctx, "2026-10", t.export)
	t.sayf("   %v", err)
	return t.expect(err, jobs.ErrFinished)
}

// export is what a worker does. Its first attempt ends in the middle.
func (t *tour) export(_ context.Context, run *ExportRun) (ExportFile, error) {
	done, _, err := run.Resume()
	if err != nil {
		return ExportFile{}, err
	}
	t.sayf("   attempt %d begins after %d orders", run.Attempt(), done.Orders)
	for done.Orders < 300 {
		if done.Orders == 200 && run.Attempt() == 1 {
			return ExportFile{}, jobs.RetryIn(errors.New("the disk is full"), 0)
		}
		done.Orders += 100
		if err := run.Report(done); err != nil {
			return ExportFile{}, err
		}
	}
	return ExportFile{Name: "2026-10.csv"}, nil
}

// refuse tries to write where that is not enabled.
func (t *tour) refuse(ctx context.Context) error {
	t.title("Writing is opt-in, and a reader has no Set at all")
	reading, err := state.New(t.store.Client(), state.Options{Prefix: "typedstate-tour:"})
	if err != nil {
		return err
	}
	err = NewSessionStore(reading).Set(ctx, "alice@example.com", Session{})
	t.sayf("   %v", err)
	return t.expect(err, state.ErrSetDisabled)
}

func (t *tour) title(text string) { t.sayf("\n%d. %s", t.step, text) }

func (t *tour) sayf(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

// show prints what Redis holds at a key, read past the SDK.
func (t *tour) show(ctx context.Context, key interface {
	Name(r state.Reader) (string, error)
}) error {
	name, err := key.Name(t.store)
	if err != nil {
		return err
	}
	value, err := t.store.Client().Get(ctx, name).Result()
	if err != nil {
		return err
	}
	left, err := t.store.Client().PTTL(ctx, name).Result()
	if err != nil {
		return err
	}
	ttl := "none"
	if left > 0 {
		ttl = left.Round(time.Second).String()
	}
	t.sayf("   key   %s\n   value %s\n   ttl   %s", name, printable(value), ttl)
	return nil
}

// printable quotes what is no text.
func printable(value string) string {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return strconv.QuoteToASCII(value)
	}
	return value
}

func (t *tour) expect(err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("got %v, not %w", err, want)
	}
	return nil
}
