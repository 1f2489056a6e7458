// Package jobs keeps the truth about jobs: what state each is in, how far it has come, and
// what came of it. It is no queue. Work arrives by whatever queue there is, or by none, and a
// tracker says who may do it, sees that nobody else writes about it meanwhile, and tells
// everybody who asks.
//
//	var imports = jobs.Define[string, Rows, Report]("import:<jobID>", jobs.FamilyOptions{
//		Lease: 30 * time.Second,
//		Keep:  24 * time.Hour,
//	})
//
//	tracker, err := jobs.New(store, imports, jobs.Options{})
//
//	// Who wants the work done:
//	status, created, err := tracker.Create(ctx, jobID)
//	status, err = tracker.Await(ctx, jobID)
//	report, err := status.Result()
//
//	// Who does it, whenever the queue says so:
//	status, err = tracker.Do(ctx, jobID, func(ctx context.Context, run *Run) (Report, error) {
//		err := run.Report(Rows{Done: 100})
//		…
//	})
//
// The generator writes Define and New, with a type for each part of the key, from a
// directive above a struct that names the two types:
//
//	//state:job import:<jobID> lease=30s keep=24h
//	type Import struct {
//		Progress Rows
//		Result   Report
//	}
//
// # States
//
// A job is [Pending] until an attempt starts. Then it is [Running], and becomes [Succeeded],
// [Failed] or [Cancelled], or Pending again for another attempt. Those three are final: nothing
// changes the record any more until it expires, unless [Tracker.Restart] begins anew. What is
// not allowed in the state that the job is in is refused in the same atomic step, with a
// [*RefusedError] that says which state that is.
//
// # Attempts
//
// [Tracker.Start] begins an attempt, and [Tracker.Do] begins one, runs a function and notes
// what came of it. An attempt holds the job by a lease, counted by the server's time, that a
// heartbeat renews. One whose lease has ended may be replaced by another, and from then on
// nothing it sends has any effect, progress included. What else it writes to is guarded
// by [Run.Epoch], which is larger for each attempt than for all before.
//
// [Tracker.Cancel] ends a job that is pending, and asks the worker of one that is running to
// stop: the reply to its next heartbeat says so, and its context ends.
//
// # Looking
//
// [Tracker.Get] returns a [Status], [Tracker.Await] waits for the end, and [Tracker.Watch]
// shows each step. Both listen to what Redis publishes and read again by themselves, so that
// they miss no end when messages are lost. [Tracker.List] and [Tracker.Count] look at all jobs
// in a state, and [Tracker.Reap] finds those whose worker has died.
//
// # Once
//
// Each request has an id or a token that the job remembers, so that it has its effect once,
// however often it arrives and however late, and one that was refused has none. That is why all
// are repeated after a lost reply while their context lasts. A job remembers its latest 64
// requests, and the latest 16 of those that it has refused, until it expires, or for 10 minutes
// after it was deleted. A request for a job that is not there leaves nothing behind.
//
// # What is stored
//
// A job is one hash, beside the template's key, in a Cluster slot that it shares with a
// sixteenth of the template's jobs. With the prefix app: the job 42 of import:<jobID> is at
//
//	app:import:42:__{3f1a.7}
//	app:import:__:__{3f1a.7}:jobs
//
// and the second key is the sorted set of all jobs of that bucket. The bucket, 7, is made from
// the job's key, and 3f1a from prefix and template, so that a template is spread over 16
// slots and tenants lie in others. [Tracker.KeyName] returns the first name. The hash of a
// job that has ended expires after FamilyOptions.Keep, that of one that nothing happens to after
// Idle, and the sorted set an hour after the last of its hashes.
//
// What is written does not wait for replicas, whatever state.Options.Replication says. Redis
// replicates after it has replied: a primary that dies can take the latest changes with it,
// so all of this holds within one primary's history. The epoch grows across them, as it is
// at least the time.
package jobs
