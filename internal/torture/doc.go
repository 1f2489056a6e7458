// Command torture breaks Redis, and the way to it, under callers of the library,
// and checks what they were told.
//
//	go run ./internal/torture -for 60s
//	go run ./internal/torture -for 30s -only expiry,pair -seed 7
//	go run ./internal/torture -for 60s -only watch
//	go run ./internal/torture -for 60s -only limits -on single,sentinel,cluster
//	go run ./internal/torture -for 60s -only jobs
//	go run ./internal/torture -lost 10000 -updates 100000 -partitions 50 -expiries 5000 -moves 20 -cancels 20000
//
// It starts its own servers on the loopback interface and needs nothing but
// redis-server in PATH. It prints name=value lines, the seed first, then those of
// each scenario in the order of scenario.go, then those of all together; what
// broke goes to stderr. It exits with 1 if an invariant broke or a scenario could
// not be run, with 2 if it was called wrongly, and with 0 otherwise.
//
// -for is shared among the scenarios as time for traffic. To start servers, to
// wait for a cluster that replaces a dead master and to check takes up to 90
// seconds more, after which the program ends with 1 in any case. A count that is
// forced takes as long as it takes, for which there are 20 minutes more. The
// random choices follow from the seed; in which order the goroutines and servers
// come to them does not.
//
// -only names groups or scenarios, and -on the deployments to use: single,
// cluster, sentinel, pair. The groups are writes, watch, limits and jobs.
//
// # lost (single)
//
// Each call of the API that writes is made with a key of its own, and the reply
// to its write is lost at a proxy: dropped, cut in half, or held beyond the
// deadline. The proxy counts how often each write of a call was sent.
//
//   - lost_replies: calls whose reply was lost; at least 1
//   - lost_kinds: how many of the calls in lost.go were covered; all
//   - lost_missed: calls that ended before their fault could strike
//   - lost_shared: commands that shared a pipeline with those of other calls; at
//     least 1
//   - unreported: of the lost replies, those not reported as
//     state.ErrUnknownOutcome; 0
//   - plain_duplicates_of_100_lost: of 100 INCR by go-redis alone whose first
//     reply is lost, those that were applied again
//
// # exact (single)
//
// Callers give each call an id and repeat it until it succeeds, while a third of
// the writes fail. What calls add up to must come out exactly, and a repeated call
// must be answered as the first would have been.
//
//   - exact_calls, exact_attempts, exact_faults: calls, attempts and what failed
//   - exact_count_errors: counters and accounts with a wrong sum, and calls that
//     never succeeded; 0
//   - wrong_answers: repeated calls that were refused, such as SetIfAbsent that
//     found its own value, or answered with another value; 0
//
// # linear (single) and linear-cluster (cluster)
//
// Clients get, set, update and compare-and-set a few registers through proxies
// that lose, cut and delay replies, and give up some calls. On the Cluster slots
// move and masters hand over meanwhile. Porcupine looks for an order of all calls
// that explains what each caller was told. A call whose outcome is unknown is one
// that never returns, and a call that says that nothing was written is left out:
// if that is wrong, a value turns up that nobody stored. The figures end in
// _single or _cluster.
//
//   - linearizable_single, linearizable_cluster: whether there is an order; true,
//     and a search that takes longer than 20 seconds is as bad as none
//   - stale_histories_single, stale_histories_cluster: histories that have none, but
//     do without their reads: a read was old, and no write lost or done twice
//   - updates_single, updates_cluster: calls of Update among the operations
//   - operations_single, operations_cluster: operations that were put in order
//   - histories_single, histories_cluster: the registers, each with a history
//   - unknown_single, unknown_cluster: calls with an unknown outcome
//   - conflicts_single, conflicts_cluster: calls refused with state.ErrConflict
//   - not_done_single, not_done_cluster: calls whose callers gave up before
//     anything was written
//   - visible_errors_single, visible_errors_cluster: calls that had time left and
//     failed otherwise; 0
//   - check_ms_single, check_ms_cluster: how long the search took
//   - linear_failovers, linear_moves, linear_acts_failed: what was done to the
//     Cluster, and how often it refused
//
// # moves (cluster)
//
// Nothing fails, but slots move, masters hand over, and all servers forget all
// scripts every 5 ms. Each call that changes a key adds itself to a list there.
//
//   - visible_errors: errors other than state.ErrUnknownOutcome and
//     state.ErrConflict; 0
//   - moves_lost: acknowledged calls that are missing from a list; 0
//   - moves_torn: transactions of two keys that are in one of them; 0
//   - moves_ghosts: calls that failed and should have done nothing, and are in a
//     list; 0
//   - moves_wrong_replies: values of a batch that belong to another key; 0
//   - moves_calls, moves_unknown, moves_conflicts, moves_not_replicated: calls,
//     and how they ended
//   - moves_slots, moves_failovers, moves_acts_failed, moves_script_flushes: what
//     was done; at least 1 slot
//
// # dead (cluster)
//
// A master is killed under a load of 200 calls a second with 10 s each, half of
// them reads. Beside it, go-redis alone has the same load of INCR and GET, with
// the options that it has by default. Replies to writes take 300 ms before the
// end, so that some are under way then.
//
//   - visible_errors_dead_master: errors from the kill on, other than
//     state.ErrUnknownOutcome and state.ErrNotFound; 0
//   - unknown_at_kill: calls with an unknown outcome; at most
//     writes_on_wire_at_kill
//   - writes_on_wire_at_kill: writes that the dead master's proxy had forwarded
//     without an answer, just after the kill
//   - promotion_ms: from the kill until the successor is master and says that the
//     cluster is in order
//   - recovery_after_promotion_ms: from then to the first success of a call on
//     the dead master's keys; at most 1000
//   - plain_errors_dead, plain_duplicates_dead: errors of go-redis, and INCR that
//     were applied twice
//   - plain_recovery_ms_dead: as for the library; or plain_recovery_ms_capped_dead
//     if it did not recover in that time
//
// # dark (cluster)
//
// The same with a master that is stopped and whose proxy swallows everything, so
// that no connection to it ends.
//
//   - visible_errors_blackholed: as above; 0
//   - recovery_after_promotion_ms_blackholed: as above; at most 3000, as a dial
//     can take 2000
//   - unknown_blackholed, writes_on_wire_at_blackhole, promotion_ms_blackholed:
//     as above, but writes go on being sent into the dark until the cluster has
//     noticed
//   - plain_errors_dark, plain_duplicates_dark, plain_recovery_ms_dark,
//     plain_recovery_ms_capped_dark: as above
//
// # expiry (single)
//
// Keys live for a few milliseconds. One creator alone brings each back, as a new
// generation, once it has seen that it is gone, and updaters change what is there.
//
//   - expiries: ends that the creator saw; at least 1
//   - expiry_updates: calls that found a value
//   - expiry_renewed: values stored with KeepTTL that found none, and so have the
//     family's TTL
//   - immortal_keys: values without a TTL, at any time or in the end, together with those
//     of the limits; 0
//   - resurrections: values that were there after their end and before they were
//     created again, or of an old generation; 0
//
// # pair (pair)
//
// A replica is cut off while callers write, and then put in the master's place.
//
//   - partitions: how often
//   - acked, acked_lost: writes that the master acknowledged, and those of them
//     that its successor lacks. This is how Redis replicates, and no invariant
//   - confirmed, confirmed_lost: the same for writes with state.Replicated(1, …);
//     at least 1, and 0
//   - confirmed_while_cut: writes that began after the cut and were confirmed all
//     the same; 0
//   - unconfirmed: writes that failed with state.ErrNotReplicated
//   - pair_visible_errors: other errors; 0
//
// # reigns (sentinel)
//
// The master that three sentinels watch is killed under load. What it had
// acknowledged may be lost, so each reign is a history of its own.
//
//   - linearizable_sentinel: whether each has an order; true
//   - operations_sentinel: operations that were put in order
//   - reigns_overturned: reigns that sentinels ended for no reason, and that were
//     tried again
//   - acked_lost_sentinel: acknowledged increments that a successor lacks
//   - unknown_sentinel: calls with an unknown outcome
//   - visible_errors_sentinel: calls of the first reign that failed otherwise
//   - promotion_ms_sentinel: from the kill until a sentinel names the successor
//
// # cancels (single)
//
// Callers give up after a few milliseconds, by deadline or cancel, while replies
// are late or never come. Each value holds its key.
//
//   - cancels, cancels_cut: calls, and those that were given up
//   - wrong_replies: values that belong to another key; 0
//   - late_returns: calls that returned more than 50 ms after they had to, while
//     the machine was on time itself: after the deadline, after the cancel of a
//     batch, and ReadTimeout after the cancel of a call of one key; 0
//   - late_returns_excused: those where the machine was late for a quarter of it
//   - worst_return_ms: the longest delay that counts
//   - goroutines_leaked: goroutines that stay once the client is closed; 0
//
// # watch (single), watch-sentinel (sentinel) and watch-cluster (cluster)
//
// Watchers of keys and of their family, among them one that takes its time, watch
// 15 keys. Each key has one writer, as fast as it can be, that numbers what it does:
// it sets, updates, touches, removes, and has values expire. The watchers' store has
// connections of its own, and one of those that it hears by is killed every 100 ms;
// beside that the way to the single server goes dark, the sentinels have the master
// hand over, and on the Cluster slots move, masters hand over and one is killed. That
// goes on for 3 seconds, and for half of that nothing is broken. In the end all those
// connections are killed once more. The first six figures are told without an ending,
// too, for all deployments together: the sum, or the longest.
//
// Each watcher holds each event against the diary of the key's writer. An event that
// follows another without a gap must skip at least as many announcements as lie
// between them: those of all that was acknowledged, so values, touches and removals,
// and not the end of a value's life, which nobody announces. A value that is shown
// with a later time to live shows the touch, too. What is acknowledged during a
// failover that can lose it need not be shown.
//
//   - watchers_single, watchers_sentinel, watchers_cluster, watchers:
//     how many; 50 on each deployment
//   - changes_single, changes_sentinel, changes_cluster, changes:
//     changes that were acknowledged, and so announced; at least 1
//   - kills_single, kills_sentinel, kills_cluster, kills:
//     connections that were killed; at least 1
//   - stale_at_end_single, stale_at_end_sentinel, stale_at_end_cluster, stale_at_end:
//     watched keys whose last event is not what is stored, by token and
//     time to live, a second after the last of those connections stands again; 0
//   - silent_misses_single, silent_misses_sentinel, silent_misses_cluster, silent_misses:
//     events that skip more than they say, and values that come after
//     newer ones, unless after a gap where a failover may have lost those; 0
//   - max_lag_ms_single, max_lag_ms_sentinel, max_lag_ms_cluster, max_lag_ms:
//     the longest time from when a change was acknowledged until a watcher
//     was shown it or a later one, for changes and events from 300 ms after the last
//     break until the next, and without the watcher that takes its time
//   - watches_failed_single, watches_failed_sentinel, watches_failed_cluster: errors
//     from watches, and watches that ended; 0
//   - watch_events_single, watch_events_sentinel, watch_events_cluster: events, and
//     watch_gaps_single, watch_gaps_sentinel, watch_gaps_cluster: those after a gap
//   - watch_repeats_single, watch_repeats_sentinel, watch_repeats_cluster: events that
//     show nothing that the one before did not, and no gap
//   - watch_acts_single, watch_acts_sentinel, watch_acts_cluster: rounds of the other
//     breaks; watch_moves, watch_failovers: those of the Cluster
//   - write_errors_single, write_errors_sentinel, write_errors_cluster: writes that
//     failed
//   - reconnect_ms_single, reconnect_ms_sentinel, reconnect_ms_cluster: from the last
//     kill until as many connections subscribe as before
//   - settle_ms_single, settle_ms_sentinel, settle_ms_cluster: from then until each
//     watcher has shown what is stored, or until it was given up
//   - stalled_writes: values of 4 KiB that were written to 32 keys while a watcher of
//     one and a watcher of all stood still in the middle of an event; up to 100,000
//   - max_buffered: by how much the heap that is in use grew at most meanwhile, from
//     when they waited for an event, in such values; at most 64
//
// # limits (single), limits-sentinel (sentinel) and limits-cluster (cluster)
//
// 64 clients in 4 processes take tokens from a few subjects of limiters, and ask for many
// more than there are. The processes are this program again, and end with it. They reach
// the servers through proxies of the parent, which in storms loses, cuts and holds 2% of the
// replies to scripts or refuses them, has the servers forget all scripts every 20 ms, closes all
// connections to one of them every 150 ms, and has one of them stand still. Beside that the
// single server is out of reach for a while, a master that sentinels watch hands over, and on
// the Cluster masters hand over and slots move. Between the storms nothing is broken.
//
// The limiters (limit_kind.go) are a window with 32 slots of which single tokens are taken; a
// window and a bucket of which several are, by AllowN, AllowUpTo and AllowMany; both in one
// subject; small windows that expire again and again; calls of all processes with the same
// OpID, which are repeated until their outcome is known; and reservations, those of all
// processes with one OpID among them, that are given back in whole or in part, at once or late,
// by up to three callers at the same time, and again.
//
// The servers' clock decides: the bounds are those of Decision.ServerTime. An acknowledged
// charge can be lost where a master hands over that sentinels watch, and then its limit is
// granted again. So what was granted from half a second before until it is done counts for
// nothing there, and each reign is held against the limits by itself. On the Cluster nothing
// is lost, and there is one reign. Tokens of calls whose outcome is unknown are not counted
// as granted, as they may only have been charged, nor are those that were given back, or may
// have been.
//
// That a call is executed once is checked twice. All scripts that the servers have executed
// to their end (INFO commandstats, calls less failed_calls) are compared with the calls that
// were answered and those that may have been executed. Reservations and refunds are counted
// by a hook of their client, as a refund may be repeated. And beside the limits in question
// there is one that denies nothing and forgets nothing, a tally. Some calls have a subject of
// their own with a tally, so what it counts in the end is what that one call was charged: all of
// it if it was answered, all or nothing if its outcome is unknown, and never more. What the
// tally of a subject of all clients counts must lie between what they were granted for certain
// and what they may have been charged.
//
// A figure without an ending is that of all deployments together: the sum, or the worst.
//
//   - admitted_over_limit_single, admitted_over_limit_sentinel, admitted_over_limit_cluster,
//     admitted_over_limit: the most that was granted in any window, divided by its limit; from
//     0.9, or the limit was not reached, to 1
//   - admitted_over_bucket_limit_single, admitted_over_bucket_limit_sentinel,
//     admitted_over_bucket_limit_cluster, admitted_over_bucket_limit: the largest of what was
//     granted in an interval divided by burst + n*t/per, over all intervals; from 0.9 to 1
//   - utilisation_single, utilisation_sentinel, utilisation_cluster, utilisation: how much of
//     a window's rate was granted in the times between the storms, to single tokens; at least
//     0.94. It is n tokens divided by how long it took from each until the n-th after it
//   - executions_per_call_single, executions_per_call_sentinel, executions_per_call_cluster,
//     executions_per_call: scripts executed, divided by calls that were answered and as many of
//     those with an unknown outcome as may explain them; 1
//   - refunded_over_charged_single, refunded_over_charged_sentinel,
//     refunded_over_charged_cluster, refunded_over_charged: by how much a tally in the end is
//     less than what was charged, divided by what callers gave back, of the subject with
//     the most; from 0.9 to 1, and 2 for one that was given back twice
//   - immortal_keys_single, immortal_keys_sentinel, immortal_keys_cluster, immortal_keys: looks
//     at keys that had no TTL, at any time and in the end; 0
//   - charged_again_single, charged_again_sentinel, charged_again_cluster: calls with a subject
//     of their own that were charged more than once; 0
//   - charged_never_single, charged_never_sentinel, charged_never_cluster: those that were
//     granted tokens and not charged; 0
//   - limit_wrong_sums_single, limit_wrong_sums_sentinel, limit_wrong_sums_cluster: tokens of
//     the other tallies that no call explains; 0
//   - limit_wrong_answers_single, limit_wrong_answers_sentinel, limit_wrong_answers_cluster:
//     decisions that contradict themselves, or one another where the OpID is the same; 0
//   - limit_calls_single, limit_calls_sentinel, limit_calls_cluster, limit_calls: calls that ask
//     for tokens; at least 100
//   - limit_decisions_single, limit_decisions_sentinel, limit_decisions_cluster,
//     limit_decisions: those that were answered; at least 100
//   - limit_unknown_single, limit_unknown_sentinel, limit_unknown_cluster, limit_unknown: those
//     with an unknown outcome; at least 1
//   - limit_failed_single, limit_failed_sentinel, limit_failed_cluster: those that failed and
//     so changed nothing
//   - limit_denied_single, limit_denied_sentinel, limit_denied_cluster: those that were denied;
//     at least 1
//   - limit_receipts_single, limit_receipts_sentinel, limit_receipts_cluster: those answered as
//     an earlier one; at least 1
//   - limit_refunds_single, limit_refunds_sentinel, limit_refunds_cluster: calls that give back;
//     at least 10. limit_refund_errors_single, limit_refund_errors_sentinel,
//     limit_refund_errors_cluster: those that failed
//   - limit_own_subjects_single, limit_own_subjects_sentinel, limit_own_subjects_cluster:
//     subjects of one call; at least 10
//   - limit_keys_seen_single, limit_keys_seen_sentinel, limit_keys_seen_cluster: looks at keys;
//     at least 100
//   - limit_faults_single, limit_faults_sentinel, limit_faults_cluster: requests that the network
//     failed; at least 1
//   - limit_kills_single, limit_kills_sentinel, limit_kills_cluster, limit_kills: how often
//     connections were closed; at least 1
//   - limit_flushes_single, limit_flushes_sentinel, limit_flushes_cluster, limit_flushes: how
//     often a server forgot its scripts; at least 1
//   - limit_stalls_single, limit_stalls_sentinel, limit_stalls_cluster, limit_stalls: how often a
//     server stood still, or was out of reach; at least 1
//   - limit_handovers_sentinel, limit_handovers_cluster, limit_handovers: masters that handed
//     over; at least 1. limit_moves_cluster: slots that moved; at least 1.
//     limit_acts_failed_sentinel, limit_acts_failed_cluster: how often that was refused
//
// # jobs (single), jobs-sentinel (sentinel), jobs-cluster (cluster) and jobs-crash (sentinel)
//
// Customers create jobs, await and watch them, and meddle: they cancel, restart, delete, create
// again, list, count and reap those of others. Workers are handed jobs that have not ended, each
// to several of them, again and again. They report progress, and succeed, fail or give the job
// back; some stop their heartbeats, and come back when the lease has ended, or never; and the
// heartbeats of some are lost, which must stop when their context ends. Two
// processes of workers are this program again: they are stopped for longer than the lease and
// continued, or killed and replaced. A third of those who await are deaf: nothing that is
// published reaches them, and nothing tells them so.
//
// The way to the servers breaks as it does for limiters. Beside that each process keeps the
// requests that were answered, and sends some of them again up to four seconds later: in a
// transaction with a look at the record, its TTL and its place in the index before and after,
// which must be the same. Requests that a record has forgotten, since it has had so many, are
// left out, and so are those about a job that was not there, and of which nothing was left.
//
// Whoever does something, or is shown a status, keeps a note of it, with the attempt and the
// epoch. In the end nothing is broken any more, all jobs are led to their end, and each is
// judged by the notes about it, as one history. Where sentinels have a master hand over, or it
// is killed (jobs-crash), what it has acknowledged may be lost. So jobs to which something
// happened from half a second before until that is done are not held against the library;
// what of them does not fit is told apart.
//
// A figure without an ending is that of all deployments together: the sum, or the worst.
//
//   - jobs_single, jobs_sentinel, jobs_cluster, jobs_crash, jobs: jobs that were created; at
//     least 5
//   - illegal_transitions_single, illegal_transitions_sentinel, illegal_transitions_cluster,
//     illegal_transitions_crash, illegal_transitions: what was shown of a job that does not
//     follow from what was shown before: a state that no step leads to, a final state that was
//     left and nobody asked for that, a revision, an attempt or an epoch that goes back, two
//     records with one revision, and an attempt that is missing from the history; 0
//   - stale_writes_accepted_single, stale_writes_accepted_sentinel,
//     stale_writes_accepted_cluster, stale_writes_accepted_crash, stale_writes_accepted: ends of
//     attempts that were acknowledged after a newer attempt had begun, or are not what the
//     record says; results that are not that of the last attempt; and progress of an earlier
//     attempt, or an earlier one, after a later one; 0
//   - double_owners_single, double_owners_sentinel, double_owners_cluster, double_owners_crash,
//     double_owners: attempts that began before the lease of one before had ended that its
//     worker had not ended; epochs that two workers were given, or that went back from one start
//     to the next, in what was lost, too; and contexts that went on 150 ms after the next
//     attempt began, in a process that was running; 0
//   - awaits_hung_single, awaits_hung_sentinel, awaits_hung_cluster, awaits_hung_crash,
//     awaits_hung: those who awaited a job and heard of its end more than 2 seconds later, and
//     one for a machine that is late, not counting the time in which the servers were out of
//     reach; or went on for a second after their context had ended; 0
//   - await_p99_ms_single, await_p99_ms_sentinel, await_p99_ms_cluster, await_p99_ms_crash,
//     await_p99_ms: how late those were who awaited the end of a job, but for one in a hundred;
//     at most 2000
//   - await_heard_p99_ms_single, await_heard_p99_ms_sentinel, await_heard_p99_ms_cluster,
//     await_heard_p99_ms_crash: the same of those who hear messages. Some of these are lost, too
//   - await_deaf_p99_ms_single, await_deaf_p99_ms_sentinel, await_deaf_p99_ms_cluster,
//     await_deaf_p99_ms_crash: the same of those who are deaf
//   - awaits_single, awaits_sentinel, awaits_cluster, awaits_crash: those who heard of the end
//     of a job in time; at least 1
//   - awaits_deaf_single, awaits_deaf_sentinel, awaits_deaf_cluster, awaits_deaf_crash: the same
//     of those who are deaf; at least 1
//   - await_errors_single, await_errors_sentinel, await_errors_cluster, await_errors_crash:
//     those who were told neither an end nor that there is no such job
//   - index_errors_single, index_errors_sentinel, index_errors_cluster, index_errors_crash,
//     index_errors: members of the sorted sets that are not where the record says, or have none,
//     and states of which Count or List tells another number than there are; 0
//   - orphan_keys_single, orphan_keys_sentinel, orphan_keys_cluster, orphan_keys_crash,
//     orphan_keys: keys that had no TTL at any time, records that are in no sorted set, and any
//     other key below the prefix; 0
//   - unfinished_jobs_single, unfinished_jobs_sentinel, unfinished_jobs_cluster,
//     unfinished_jobs_crash, unfinished_jobs: jobs that have not ended 20 seconds after nothing
//     is broken any more; 0
//   - replays_accepted_single, replays_accepted_sentinel, replays_accepted_cluster,
//     replays_accepted_crash, replays_accepted: requests that have changed something when they
//     came again; 0
//   - job_replays_single, job_replays_sentinel, job_replays_cluster, job_replays_crash,
//     job_replays: requests that came again; at least 1
//   - job_wrong_answers_single, job_wrong_answers_sentinel, job_wrong_answers_cluster,
//     job_wrong_answers_crash, job_wrong_answers: answers that contradict themselves or what
//     happened: two who have created one job, an attempt that its worker was told has not ended
//     and has, a job in a list of another state; 0
//   - job_executions_single, job_executions_sentinel, job_executions_cluster,
//     job_executions_crash, job_executions: attempts of which anybody knows; at least 5
//   - job_attempts_lost_single, job_attempts_lost_sentinel, job_attempts_lost_cluster,
//     job_attempts_lost_crash: those whose lease has ended; at least 1
//   - job_stale_refused_single, job_stale_refused_sentinel, job_stale_refused_cluster,
//     job_stale_refused_crash: ends that were refused since the attempt had ended; at least 1
//   - job_calls_single, job_calls_sentinel, job_calls_cluster, job_calls_crash: calls
//   - job_unknown_single, job_unknown_sentinel, job_unknown_cluster, job_unknown_crash,
//     job_unknown: calls with an unknown outcome
//   - job_faults_single, job_faults_sentinel, job_faults_cluster, job_faults_crash, job_faults:
//     requests that the network failed; at least 1
//   - job_workers_stopped_single, job_workers_stopped_sentinel, job_workers_stopped_cluster,
//     job_workers_stopped_crash: processes that stood still; at least 1
//   - job_workers_killed_single, job_workers_killed_sentinel, job_workers_killed_cluster,
//     job_workers_killed_crash: processes that were killed; at least 1
//   - job_kills_single, job_kills_sentinel, job_kills_cluster, job_kills_crash: how often
//     connections were closed; at least 1
//   - job_flushes_single, job_flushes_sentinel, job_flushes_cluster, job_flushes_crash: how
//     often a server forgot its scripts; at least 1
//   - job_stalls_single, job_stalls_sentinel, job_stalls_cluster, job_stalls_crash: how often a
//     server stood still, or was out of reach; at least 1
//   - job_handovers_sentinel, job_handovers_cluster, job_handovers_crash: masters that handed
//     over, or were killed and replaced; at least 1
//   - job_moves_cluster: slots that moved; at least 1
//   - job_acts_failed_sentinel, job_acts_failed_cluster, job_acts_failed_crash: how often that
//     was refused
//   - jobs_doubtful_sentinel, jobs_doubtful_crash: jobs to which something happened while a
//     master handed over or was replaced
//   - jobs_lost_sentinel, jobs_lost_crash: those of them that are not there in the end, and
//     nobody deleted them
//   - job_finishes_lost_sentinel, job_finishes_lost_crash: those of them of which a result was
//     acknowledged and is not there
//   - job_changes_lost_sentinel, job_changes_lost_crash: all that does not fit in the notes
//     about them
//
// # All together
//
//   - seed: where random choices began
//   - ops: calls of the library; at least 1
//   - duplicates: writes that were sent or applied twice; 0
//   - linearizable: whether all histories have an order; true
//   - lost_updates: acknowledged increments that a counter lacks; 0
//   - known_share: calls of the histories with a known outcome, in the scenario
//     with the fewest; at least 0.95, or the check proves little
//
// The tests of this package put a broken call in the place of each that is
// checked, and see it reported.
package main
