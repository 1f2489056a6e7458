package gen_test

import "testing"

// importing is a program that tracks jobs with generated code.
const importing = `package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

type Tenant string

// Mark marshals by its address.
type Mark struct{ text string }

func (m *Mark) MarshalText() ([]byte, error) { return []byte(m.text), nil }

func (m *Mark) UnmarshalText(text []byte) error { m.text = string(text); return nil }

//state:job import:<jobID> keep=2h idle=3h
type Import struct {
	Progress ImportProgress
	Result   ImportReport
}

type ImportProgress struct {
	Rows int ` + "`json:\"rows\"`" + `
}

type ImportReport struct {
	Refused []int ` + "`json:\"refused\"`" + `
}

//state:job export:<tenant:Tenant>:<id:int64>:<mark:Mark>:<dry:bool>:<uuid:[16]byte> keep=2h failed=1h attempts=1 codec=msgpack
type Export struct{ Progress ImportProgress }

//state:job nightly keep=1h name=nightly
type Nightly struct{ Result time.Duration }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	srv := must(embedded.Start())
	defer srv.Close()
	store := must(state.New(srv.Client(), state.Options{Prefix: "demo:", EnableSet: true}))
	raw := func(name, field string) string { return must(srv.Client().HGet(ctx, name, field).Result()) }
	about := func(name string) time.Duration { return must(srv.Client().PTTL(ctx, name).Result()).Round(time.Hour) }

	imports := must(NewImportTracker(store, jobs.Options{Worker: "w"}))
	for _, id := range []string{"a:b", "c"} {
		must(0, second(imports.Create(ctx, id)))
	}
	name := must(imports.KeyName("a:b"))
	fmt.Println(name, about(name))
	var status ImportStatus = must(imports.Do(ctx, "a:b", func(ctx context.Context, run *ImportRun) (ImportReport, error) {
		return ImportReport{Refused: []int{7, 9}}, run.Report(ImportProgress{Rows: 3})
	}))
	fmt.Println(status.State, status.Worker, status.Progress, must(status.Result()), raw(name, "p"), raw(name, "r"), about(name))
	status = must(imports.Await(ctx, "a:b"))
	fmt.Println(status.Result())

	exports := must(NewExportTracker(store, jobs.Options{}))
	keys := []ExportJobKey{
		{Tenant: "acme", ID: -1, Mark: Mark{"m:"}, Dry: true, UUID: [16]byte{15: 255}},
		{Tenant: "b", ID: 7, Mark: Mark{"n"}},
	}
	for _, key := range keys {
		must(0, second(exports.Create(ctx, key)))
	}
	failed, err := exports.Do(ctx, keys[0], func(ctx context.Context, run *ExportRun) (jobs.None, error) {
		return jobs.None{}, errors.Join(run.Report(ImportProgress{Rows: 1}), errors.New("disk full"))
	})
	name = must(exports.KeyName(keys[0]))
	fmt.Println(failed.State, failed.Progress, failed.Failure().Message, err, about(name))
	fmt.Printf("%s %q\n", name, raw(name, "p"))

	nightlies := must(newNightlyTracker(store, jobs.Options{}))
	must(0, second(nightlies.Create(ctx, struct{}{})))
	var done nightlyStatus = must(nightlies.Do(ctx, struct{}{}, func(context.Context, *nightlyRun) (time.Duration, error) {
		return time.Second, nil
	}))
	fmt.Println(done.Result())

	for _, s := range []jobs.State{jobs.Pending, jobs.Succeeded, jobs.Failed} {
		for l, err := range imports.List(ctx, s) {
			must(0, err)
			fmt.Printf("%v: import %q\n", l.State, l.Key)
		}
		for l, err := range exports.List(ctx, s) {
			must(0, err)
			fmt.Printf("%v: export %v %+v\n", l.State, slices.Index(keys, l.Key), l.Key)
		}
		for l, err := range nightlies.List(ctx, s) {
			must(0, err)
			fmt.Println(l.State, "nightly", l.Key)
		}
	}
	_, err = imports.Get(ctx, "")
	fmt.Println(errors.Is(err, state.ErrInvalidKey))
}

func second[T, U any](_ T, _ U, err error) error { return err }
`

const importingOutput = `demo:import:a%3Ab:__{cf05.2} 3h0m0s
succeeded w {3} {[7 9]} {"rows":3} {"refused":[7,9]} 2h0m0s
{[7 9]} <nil>
failed {1} disk full disk full 1h0m0s
demo:export:acme:-1:m%3A:true:00000000-0000-0000-0000-0000000000ff:__{e410.9} "\x81\xa4rows\x01"
1s <nil>
pending: import "c"
pending: export 1 {Tenant:b ID:7 Mark:{text:n} Dry:false UUID:[0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0]}
succeeded: import "a:b"
succeeded nightly {}
failed: export 0 {Tenant:acme ID:-1 Mark:{text:m:} Dry:true UUID:[0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 255]}
true
`

// Generated code tracks jobs as its directives say, against a real store.
func TestTrackers(t *testing.T) {
	t.Parallel()
	assertPrints(t, importingOutput, importing)
}
