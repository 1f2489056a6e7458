// Package ratelimit limits how often something may happen to a subject, such as calls
// by a user, across all processes that share a Redis. A family of subjects is made
// from a key template and has one limit or several, which are decided together in one
// round trip, all or nothing:
//
//	var calls = ratelimit.Define[string]("calls:<userID>",
//		ratelimit.Window("minute", 100, time.Minute),
//		ratelimit.Bucket("hour", 1000, time.Hour))
//
//	limiter, err := ratelimit.New(store, calls, ratelimit.Options{})
//
//	d, err := limiter.Allow(ctx, userID)
//	if err == nil && !d.Allowed {
//		// again after d.RetryAfter
//	}
//
// The generator writes Define and New, with a type for each part of the subject, from a
// directive above a type:
//
//	//state:limit calls:<userID> window=100/1m bucket=1000/1h
//
// # Limits
//
// A [Window] is hard: in no interval of its length are more than n tokens granted. A
// [Bucket] refills at a steady rate and lets bursts pass. Both count in integers by the
// time of the server, so clients' clocks do not matter, and what a [Decision] says
// remains and when to come again is exact. What a call is denied it is not charged.
//
// # Calls
//
// [Limiter.Allow] takes one token, [Limiter.AllowN] several or none, and
// [Limiter.AllowUpTo] as many as there are. [Limiter.AllowMany] decides for many subjects
// in round trips that they share, [Limiter.Peek] takes nothing, and [Limiter.Wait] waits
// for its turn. [Limiter.Reserve] takes tokens that [Reservation.Refund] gives back, once.
// [Limiter.With] has other limits for the same subjects, such as those of a plan.
//
// # Once
//
// A call is sent once: go-redis by itself repeats a script whose reply was lost, which
// counts twice. What comes of a call that has no reply is unknown, and [Options] say what
// that means: an error, leave or refusal. Whoever must not be charged twice gives the call
// an [OpID] and repeats it.
//
// # What is stored
//
// A subject is one hash at its key, with a field for each limit, and it expires within 61
// seconds of when it has nothing more to say. What is written does not wait for replicas,
// whatever state.Options.Replication says. Redis replicates after it has replied: a primary
// that dies can take the latest decisions with it, so the bounds hold within one primary's
// history.
//
// # Concurrency
//
// A [Semaphore] bounds how many hold a permit at the same time. Each permit has a lease,
// which renews itself while its process lives, and a fencing number that only grows.
//
// Package httplimit has the middleware for net/http.
package ratelimit
