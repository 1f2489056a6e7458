package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

// caller is who calls the API.
type caller struct {
	user   UserID
	tenant TenantID
}

// callers are who may, by their API keys.
var callers = map[string]caller{
	"key-of-alice": {"alice", "acme"},
	"key-of-bob":   {"bob", "acme"},
	"key-of-carol": {"carol", "globex"},
}

// newHandler returns the API. It finds out who calls before it limits them.
func newHandler(l limits) http.Handler {
	limited := httplimit.New(httplimit.Options{},
		httplimit.Per(l.users, func(r *http.Request) (UserID, error) { return callerOf(r).user, nil }).Prefix("user-"),
		httplimit.Per(l.tenants, func(r *http.Request) (TenantID, error) { return callerOf(r).tenant, nil }).Prefix("tenant-"))
	mux := http.NewServeMux()
	mux.Handle("GET /orders", authenticated(limited(http.HandlerFunc(orders))))
	return mux
}

func orders(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "the orders of %s", callerOf(r).tenant)
}

type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

// authenticated hands requests on with their caller, those that have one.
func authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		c, ok := callers[key]
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}
