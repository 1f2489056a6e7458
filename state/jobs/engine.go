package jobs

import (
	"context"
	"errors"

	"github.com/typedstate/typedstate/state"
)

var errStub = errors.New("jobs: not there yet")

const maxCodeBytes = 256

func cut(s string, n int) string { return s[:min(len(s), n)] }

// tracker is a Tracker without its types.
type tracker struct {
	store   *state.Store
	family  *family
	options Options
}

// record is a Status without its types.
type record struct {
	Info
	progress, result []byte
}

type run struct{}

type listing struct {
	from    string
	follows bool
}

func newTracker(store *state.Store, f *family, o Options) (*tracker, error) {
	return &tracker{store, f, o}, errStub
}

func status[P, R any](*tracker, *record, error) (s Status[P, R], err error) { return s, errStub }

func (t *tracker) keyName(string) (string, error) { return "", errStub }
func (t *tracker) create(context.Context, string, []CreateOption) (*record, bool, error) {
	return nil, false, errStub
}
func (t *tracker) get(context.Context, string) (*record, error) { return nil, errStub }
func (t *tracker) getMany(context.Context, []string, func(int, *record) error) error {
	return errStub
}
func (t *tracker) cancel(context.Context, string, string) (*record, error) { return nil, errStub }
func (t *tracker) restart(context.Context, string) (*record, error)        { return nil, errStub }
func (t *tracker) remove(context.Context, string) error                    { return errStub }
func (t *tracker) start(context.Context, string) (*run, error)             { return nil, errStub }
func (t *tracker) do(context.Context, string, any, func(context.Context, *run) error) (*record, error) {
	return nil, errStub
}
func (t *tracker) await(context.Context, string) (*record, error)           { return nil, errStub }
func (t *tracker) watch(context.Context, string, func(*record, error) bool) {}
func (t *tracker) list(context.Context, State, []ListOption, func([]string, string, *record, error) bool) {
}
func (t *tracker) count(context.Context) (Counts, error) { return Counts{}, errStub }
func (t *tracker) reap(context.Context, int, func([]string, State) error) error {
	return errStub
}

func (r *run) context() context.Context           { return context.Background() }
func (r *run) attempt() int                       { return 0 }
func (r *run) epoch() int64                       { return 0 }
func (r *run) resume(any) (bool, error)           { return false, errStub }
func (r *run) report(any) error                   { return errStub }
func (r *run) succeed(context.Context, any) error { return errStub }
func (r *run) fail(context.Context, error) error  { return errStub }
func (r *run) cancelled(context.Context) error    { return errStub }
func (r *run) release(context.Context) error      { return errStub }
