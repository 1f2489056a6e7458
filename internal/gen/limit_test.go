package gen_test

import "testing"

// limitedCalls is a program that limits with generated code.
const limitedCalls = `package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

type Tenant string

// Mark marshals by its address.
type Mark struct{ text string }

func (m *Mark) MarshalText() ([]byte, error) { return []byte(m.text), nil }

func (m *Mark) UnmarshalText(text []byte) error { m.text = string(text); return nil }

//state:limit calls:<userID> window=2/1m bucket=30/1h,burst=3 window=1/1h,shadow,name=spike
type Calls struct{}

//state:limit mails:{<tenant:Tenant>}:<id:int64>:x:<mark:Mark> bucket=1/1h,burst=2
type Mails func()

//state:limit logins window=1/24h,slots=1
//state:limit reads:<id:[16]byte> window=1/1m name=reads
type Logins int

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func show(d ratelimit.Decision) {
	fmt.Print(d.Allowed, " by ", d.DecidedBy, ":")
	for _, u := range d.Limits {
		fmt.Printf(" %v %d;", u.Limit, u.Remaining)
	}
	fmt.Println()
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	srv := must(embedded.Start())
	defer srv.Close()
	store := must(state.New(srv.Client(), state.Options{Prefix: "demo:", EnableSet: true}))

	calls := must(NewCallsLimiter(store, ratelimit.Options{}))
	for range 3 {
		show(must(calls.Allow(ctx, "a:b")))
	}
	show(must(calls.Allow(ctx, "other")))

	mails := must(NewMailsLimiter(store, ratelimit.Options{}))
	show(must(mails.AllowN(ctx, MailsSubject{"acme", -1, Mark{"m"}}, 2)))
	show(must(mails.Allow(ctx, MailsSubject{Tenant: "acme", ID: 1, Mark: Mark{"m"}})))

	logins := must(NewLoginsLimiter(store, ratelimit.Options{}))
	show(must(logins.Allow(ctx, ratelimit.Global{})))
	show(must(logins.Peek(ctx, ratelimit.Global{})))

	reads := must(newReadsLimiter(store, ratelimit.Options{}))
	must(reads.Allow(ctx, [16]byte{15: 255}))

	for _, key := range must(srv.Client().Keys(ctx, "*").Result()) {
		fmt.Println(key)
	}
	_, err := calls.Allow(ctx, "")
	fmt.Println(errors.Is(err, state.ErrInvalidKey))
}
`

const limitedCallsOutput = `true by window-1m: window=2/1m 1; bucket=30/1h,burst=3 2; window=1/1h,shadow,name=spike 0;
true by window-1m: window=2/1m 0; bucket=30/1h,burst=3 1; window=1/1h,shadow,name=spike 0;
false by window-1m: window=2/1m 0; bucket=30/1h,burst=3 1; window=1/1h,shadow,name=spike 0;
true by window-1m: window=2/1m 1; bucket=30/1h,burst=3 2; window=1/1h,shadow,name=spike 0;
true by bucket-1h: bucket=1/1h,burst=2 0;
true by bucket-1h: bucket=1/1h,burst=2 1;
true by window-24h: window=1/24h,slots=1 0;
false by window-24h: window=1/24h,slots=1 0;
demo:calls:a%3Ab
demo:calls:other
demo:logins
demo:mails:{acme}:-1:x:m
demo:mails:{acme}:1:x:m
demo:reads:00000000-0000-0000-0000-0000000000ff
true
`

// Generated code limits as its directives say, against a real store.
func TestLimiters(t *testing.T) {
	t.Parallel()
	assertPrints(t, limitedCallsOutput, limitedCalls)
}
