package state

import "time"

// Event is a state of a watched key: what a watcher has read there.
type Event[T any] struct {
	EventInfo
	// Value is a zero value if there is none.
	Value T
}

// EventInfo is all of an [Event] but the value.
type EventInfo struct {
	Kind EventKind
	// Found says that there is a value.
	Found bool
	// Token names the stored bytes, or absence.
	Token Token
	// TTL is how long the value had left to live when it was read, to the
	// millisecond, or [NoTTL]. It is 0 if there is none.
	TTL time.Duration
	// Gap says that the connection was lost since the event before, so that
	// changes may have been missed. What the event shows was read afterwards.
	Gap bool
	// Skipped is how many changes were announced since the event before that are
	// not shown, as they followed each other faster than they were read. Where
	// values repeat, or very many came at once, it can be too large.
	Skipped int
}

// EventKind says what has led to the state that an [Event] shows.
type EventKind uint8

// What an event tells.
const (
	// EventCurrent is the state that a watcher finds when it begins, and after a
	// gap if it is the one that it has shown before.
	EventCurrent EventKind = 1 + iota
	// EventSet says that a value was stored, or has another time to live.
	EventSet
	// EventRemoved says that the value was removed.
	EventRemoved
	// EventExpired says that the time of the value was over.
	EventExpired
	// EventGone says that there is no value any more, and that it is not known why:
	// it was removed or has expired while the watcher could not hear, or was
	// removed by one who does not announce it, or the server has evicted it.
	EventGone
)

// String returns the kind in one word, such as "set".
func (k EventKind) String() string {
	names := [...]string{"none", "current", "set", "removed", "expired", "gone"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// KeyEvent is an [Event] with its key.
type KeyEvent[T any] struct {
	Key Key[T]
	Event[T]
}

// FoundEvent is an [Event] with the typed parts of its key, as generated code
// returns it.
type FoundEvent[P, T any] struct {
	// Params are the parts of the key, or the one part it has.
	Params P
	Event[T]
}
