package jobs

import (
	"fmt"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/state"
)

// FamilyOptions say how the jobs of a family live. Keep must be given, as what nobody
// removes fills a Redis.
type FamilyOptions struct {
	// Lease is how long an attempt holds a job without a heartbeat, from 100 ms to 24 h; 0
	// is 30 seconds. It is how long the job of a worker that has died stays with it, and so
	// should be some times as long as a failover takes. Heartbeats come each third of it.
	Lease time.Duration
	// Keep is how long a job is kept that has ended, from 10 seconds to 366 days.
	Keep time.Duration
	// KeepFailed and KeepCancelled are Keep for those that have failed or were cancelled,
	// where that is not the same.
	KeepFailed, KeepCancelled time.Duration
	// Idle is how long a job is kept that has not ended, after the last thing that
	// happened to it or may happen: its creation, the end of a lease, the time before which it
	// may not start. It is from the lease to 366 days; 0 is 30 days.
	Idle time.Duration
	// Attempts is how many attempts may fail, or be lost, before the job has, from 1 to
	// 1000; 0 is 3.
	Attempts int
	// RetryDelay is how long after an attempt that has failed the next may start; 0 is 1
	// second. It doubles for each one after that, up to MaxRetryDelay; 0 is 10 minutes, or
	// RetryDelay, if that is longer. Up to a fifth of it is random. After one that was lost it may
	// start at once.
	RetryDelay, MaxRetryDelay time.Duration
	// Progress and Result are the codecs of the two; nil is state.JSON().
	Progress, Result state.Codec
}

// Family is all jobs of one template, with how they live. [Define] makes one; so does
// generated code. K is the type of the template's parameter, or a struct if there are
// several; P is the progress of a job, and R its result.
type Family[K, P, R any] struct {
	keys   bridge.Keys[K]
	parse  func([]string) (K, error) // makes a K of the decoded parts of a name
	family *family
}

// None is the progress or the result of jobs that have none.
type None = struct{}

// Define returns the family of the jobs that template makes, such as "import:<jobID>". For a
// template with one parameter K is the type of that: a string, unless the template says
// otherwise. For several, K is a struct whose exported fields are their values, in the order of
// the template; for none it is struct{}. A template has no hash tag, as the keys of a job have
// their own.
//
// Define is meant for package variables and panics, with what to mend, if the template, K
// or an option is wrong. Templates that can make the same key, and those of jobs that differ in
// the types of their parameters alone, are not found here but by stategen.
func Define[K, P, R any](template string, o FamilyOptions) *Family[K, P, R] {
	f, err := define[K, P, R](template, nil, nil, o)
	if err != nil {
		panic(fmt.Sprintf("jobs.Define(%q): %v", template, err))
	}
	return f
}

// DefineKeyed is [Define] with functions that make the name of a job's key, as the template has
// it, and the key of the decoded parts of a name. Generated code calls it.
func DefineKeyed[K, P, R any](template string, name func(K) string, parse func([]string) (K, error), o FamilyOptions) *Family[K, P, R] {
	f, err := define[K, P, R](template, name, parse, o)
	if err != nil {
		panic(fmt.Sprintf("jobs.DefineKeyed(%q): %v", template, err))
	}
	return f
}
