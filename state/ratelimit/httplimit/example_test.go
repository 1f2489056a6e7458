package httplimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

// An API that is limited per user and per tenant at once.
func Example() {
	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	server.SetTime(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})

	users, _ := ratelimit.New(store, ratelimit.Define[string]("calls:user:<userID>",
		ratelimit.Window("minute", 2, time.Minute)), ratelimit.Options{})
	tenants, _ := ratelimit.New(store, ratelimit.Define[string]("calls:tenant:<tenantID>",
		ratelimit.Bucket("hour", 3600, time.Hour).WithBurst(3)), ratelimit.Options{})

	// An API takes both from what it has authenticated the request by.
	userOf := func(r *http.Request) (string, error) { return r.Header.Get("User"), nil }
	tenantOf := func(*http.Request) (string, error) { return "acme", nil }
	limited := httplimit.New(httplimit.Options{},
		httplimit.Per(users, userOf).Prefix("user-"),
		httplimit.Per(tenants, tenantOf).Prefix("tenant-"))
	api := limited(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))

	for _, user := range []string{"alice", "alice", "alice", "bob", "bob"} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("User", user)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		fmt.Println(user, w.Code, w.Header().Get("Ratelimit"))
		if after := w.Header().Get("Retry-After"); after != "" {
			fmt.Println("again after", after)
		}
	}
	// Output:
	// alice 200 "user-minute";r=1;t=60, "tenant-hour";r=2;t=1
	// alice 200 "user-minute";r=0;t=60, "tenant-hour";r=1;t=1
	// alice 429 "user-minute";r=0;t=60
	// again after 60
	// bob 200 "user-minute";r=1;t=60, "tenant-hour";r=0;t=1
	// bob 429 "user-minute";r=1;t=60, "tenant-hour";r=0;t=1
	// again after 1
}

// Customers of each plan have other limits, and middleware of their own, which a handler
// chooses by the request.
func Example_plans() {
	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	server.SetTime(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	free, _ := ratelimit.New(store, ratelimit.Define[string]("calls:<tenantID>",
		ratelimit.Window("minute", 1, time.Minute)), ratelimit.Options{})
	paid, _ := free.With(ratelimit.Window("minute", 100, time.Minute))

	// An API takes both from what it has authenticated the request by.
	tenantOf := func(r *http.Request) (string, error) { return r.Header.Get("Tenant"), nil }
	planOf := func(r *http.Request) string { return r.Header.Get("Plan") }
	var orders http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	plans := map[string]http.Handler{
		"free": httplimit.New(httplimit.Options{}, httplimit.Per(free, tenantOf))(orders),
		"paid": httplimit.New(httplimit.Options{}, httplimit.Per(paid, tenantOf))(orders),
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limited, ok := plans[planOf(r)]
		if !ok {
			limited = plans["free"]
		}
		limited.ServeHTTP(w, r)
	})

	for _, plan := range []string{"free", "free", "paid"} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Tenant", "acme")
		r.Header.Set("Plan", plan)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		fmt.Println(plan, w.Code, w.Header().Get("Ratelimit-Policy"), w.Header().Get("Ratelimit"))
	}
	// Output:
	// free 200 "minute";q=1;w=60 "minute";r=0;t=60
	// free 429 "minute";q=1;w=60 "minute";r=0;t=60
	// paid 200 "minute";q=100;w=60 "minute";r=98;t=60
}
