// Package state keeps the state of a service in Redis under typed keys. A family
// of keys is made from a template such as "session:<userID>" and holds values of
// one Go type, encoded as JSON or MessagePack, each with a time to live.
//
// # Stores
//
// [Open] connects to Redis by a URL, and [New] takes a go-redis client, for
// Cluster, Sentinel, TLS and whatever else go-redis can do. A [Store] reads unless
// Options.DisableGet is set; it writes and removes only where Options.EnableSet
// and Options.EnableRemove allow it:
//
//	store, err := state.Open(ctx, os.Getenv("REDIS_URL"), state.Options{
//		Prefix:    "user-service:state:",
//		EnableSet: true,
//	})
//
// A function that takes a [Reader] cannot be made to write, and
// [Store.ReadOnly] returns one that is nothing else. [Store.Tenant] returns a
// store whose keys lie apart from those of every other tenant.
//
// # Families and keys
//
// Most families are generated: annotate a struct, and stategen writes functions
// and types in which each part of a key has its own Go type. See the README for
// how. [Define] makes a family by hand:
//
//	var sessions = state.Define("session:<userID>", state.FamilyOptions[Session]{TTL: 30 * time.Minute})
//
//	s, err := sessions.Key("42").Get(ctx, store)
//
// A [Key] is a small value with the operations of every day, [Key.Get] and
// [Key.Set]. All others are functions of the same form: [Lookup], [SetIfAbsent],
// [Replace], [Swap] and [Take] for keys of one type, [Exists], [TimeToLive],
// [Touch] and [Remove] for keys of any. [GetMany] and [SetMany] share round trips.
// [Keys], [All] and [RemoveAll] walk over a family, where Options.EnableScan
// allows it.
//
// # Changing what is stored
//
// [Update] reads a value, has a function change it, and stores it only if nobody
// else has meanwhile; if somebody has, it begins again, so no update is lost.
// [Upsert] is the same for a value that may not be there. Where the reading and
// the writing lie apart, such as in two requests of a browser, [GetEntry] returns
// a [Token] of what is stored, and [SetIf] and [RemoveIf] take it. They work on
// values that any client has written. Several keys with one hash tag change
// together in [Store.Atomically], on whose [Tx] everything works that works on a
// store.
//
// # Lifetimes
//
// A family has a TTL or says why it has none. The TTL is set in the same command
// as the value. [TTL] changes it for one call, up to the family's maximum, and
// [KeepTTL] keeps what is left, as an update does by itself.
//
// # Once, and only once
//
// A read is tried again while its context lasts, and a write only on proof that it
// was not executed: no connection was to be had, or the server refused it as a
// whole, as it does while it loads or fails over. Where the context has no
// deadline that goes on for ten seconds. If the reply of a write is lost, the
// error is [ErrUnknownOutcome], since Redis may have applied it; go-redis by
// itself would send it again. Whoever must know gives the call an [OpID] and
// repeats it: it is applied once, however often it is sent.
//
// Redis acknowledges a write before its replicas have it, and loses it if the
// primary then fails. [Replicated] has a call wait for replicas. See
// [Replication] for what that is worth.
//
// # Watching
//
// The writes of a family that is declared with FamilyOptions.Watch announce themselves
// in the same atomic step. [Watch] iterates over the states of a key, beginning with
// the one that is there, and [WatchAll] over those of a family. [GetOrWait] waits for
// a value, and [Changed] for another state than the one that a token names. What is
// announced is a hint, and what a watcher shows it has read: so once writes stop its
// last event is what is stored, whatever became of the messages. Where it may have
// missed changes an event says so, and what a slow consumer does not get is counted.
//
// # Deadlines
//
// A deadline of the context bounds each call, to within 50 ms. Cancelling takes
// effect as fast where a call concerns several keys or shares its round trip; one
// that waits for a single reply by itself returns when the reply comes or
// ReadTimeout of go-redis has passed.
//
// # Under load
//
// While few calls are under way to a server, each has a connection of the pool; as
// soon as there are more, they share pipelines, and large values travel alone. Where
// more wait than the server can do soon, calls fail with [ErrOverloaded], and
// nothing was sent. See [New] for what hooks of the client see of it.
//
// # Beside this package
//
// Package ratelimit limits how often something may happen to a subject, and how many do it at
// the same time, on a store: under its prefix, with its permissions and errors. Package jobs
// keeps what state a job is in, how far it has come and what came of it.
//
// # Errors
//
// Errors are matched with [errors.Is], against [ErrNotFound] and the others of
// this package, and with [errors.As] against [*DecodeError], [*EncodeError] and
// [*ConflictError]. They name the operation and the template and never hold a part
// of a key, a stored byte or a password.
package state
