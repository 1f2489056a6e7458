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
//
// # Lifetimes
//
// A family has a TTL or says why it has none. The TTL is set in the same command
// as the value. [TTL] changes it for one call, up to the family's maximum, and
// [KeepTTL] keeps what is left.
//
// # Errors
//
// Errors are matched with [errors.Is], against [ErrNotFound] and the others of
// this package, and with [errors.As] against [*DecodeError] and [*EncodeError].
// They name the operation and the template and never hold a part of a key, a
// stored byte or a password.
//
// A write is sent once. If its reply is lost, the error is [ErrUnknownOutcome],
// since Redis may have applied it; go-redis would send it again.
//
// A deadline of the context bounds each call. Cancelling one that waits for a
// reply takes effect when the reply comes or ReadTimeout of go-redis has passed.
package state
