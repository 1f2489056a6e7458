// Package httplimit limits requests to a net/http handler by what package ratelimit
// decides: per user, per tenant, per address, or several of them at once:
//
//	limited := httplimit.New(httplimit.Options{},
//		httplimit.Per(users, userOf).Prefix("user-"),
//		httplimit.Per(tenants, tenantOf).Prefix("tenant-"))
//
//	mux.Handle("GET /orders", limited(orders))
//
// A request that is denied takes nothing from anybody: what the checks before the one that
// denies have granted is given back. The handler gets the ResponseWriter as it is, so
// flushing, hijacking and WebSockets work, and [FromContext] tells it what was decided.
//
// # What clients are told
//
// The response to a request that was let through or denied has the fields RateLimit-Policy and
// RateLimit of draft-ietf-httpapi-ratelimit-headers-10, which are Structured Fields (RFC 9651).
// Each limit is a policy:
//
//	RateLimit-Policy: "user-minute";q=100;w=60, "tenant-hour";q=5000;w=3600
//	RateLimit: "user-minute";r=42;t=2, "tenant-hour";r=4711;t=1
//
// q is [ratelimit.Limit.N] and w is [ratelimit.Limit.Per] in seconds, which is left out where
// those are not whole. r is what remains: up to [ratelimit.Limit.Capacity], which of a bucket
// can be more than q. t is in how many seconds that grows, rounded up; it is left out where
// nothing is used. Shadow limits are told to nobody.
//
// A denied request is answered with 429, a Retry-After in seconds, rounded up, and a problem
// document (RFC 9457) that names the limits that denied it.
//
// # When Redis does not decide
//
// A client that has done nothing wrong is not told that it sends too many requests: an error,
// and a refusal by ratelimit.FailClosed, are answered with 503, the latter with a
// Retry-After. Such a response has no RateLimit fields, also where checks before have granted
// the request their tokens, since those are given back. A request that ratelimit.FailOpen
// lets through has only the fields of the checks that Redis has decided, as nobody has
// counted it for the others. A subject that is empty or too long for a key is answered with
// 400.
//
// While Redis does not answer, a request takes as long as the Options.Timeout of the limiters
// that it gets to, or as its own context lasts where they have none. So give them one.
//
// # Plans
//
// A check has one limiter, and so the same limits for all requests. Customers of different
// plans have limiters of their own, by [ratelimit.Limiter.With], each with middleware of its
// own, made once; a handler chooses between them for each request, as in the example.
package httplimit
