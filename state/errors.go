package state

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// What went wrong, to be matched with [errors.Is]. Every error of this package
// that concerns a key is wrapped in an [*Error].
var (
	// ErrNotFound says that there is no value at the key. It also matches
	// redis.Nil.
	ErrNotFound error = notFoundError{}
	// ErrExists says that there is a value already.
	ErrExists = errors.New("exists already")
	// ErrConflict says that what is stored is not what a write was to replace,
	// since someone else has changed it. A [*ConflictError] knows more.
	ErrConflict = errors.New("the value was changed by someone else")

	// ErrGetDisabled says that the store was opened with DisableGet.
	ErrGetDisabled = errors.New("reading is disabled (Options.DisableGet)")
	// ErrSetDisabled says that the store was opened without EnableSet.
	ErrSetDisabled = errors.New("writing is not enabled (set Options.EnableSet)")
	// ErrRemoveDisabled says that the store was opened without EnableRemove.
	ErrRemoveDisabled = errors.New("removing is not enabled (set Options.EnableRemove)")
	// ErrScanDisabled says that the store was opened without EnableScan.
	ErrScanDisabled = errors.New("scanning is not enabled (set Options.EnableScan)")
	// ErrScanIncomplete says that servers failed over, restarted or moved slots
	// during a scan, so that it may have missed keys. Scan again.
	ErrScanIncomplete = errors.New("the servers changed during the scan, which may have missed keys")
	// ErrNoStore says that a reader, writer or remover is nil or a zero value.
	ErrNoStore = errors.New("no store (make one with state.Open or state.New)")
	// ErrClosed says that the store or its client is closed.
	ErrClosed = errors.New("the store is closed")

	// ErrInvalidKey says that a key has an empty, failing or mistyped part, is
	// too long, or is a zero Key.
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidTTL says that a TTL is below one millisecond, above the
	// family's maximum, or means nothing for the operation.
	ErrInvalidTTL = errors.New("invalid TTL")
	// ErrTooLarge says that a value is longer than Options.MaxValueBytes.
	ErrTooLarge = errors.New("value too large")
	// ErrWrongType says that the key holds another Redis type than the operation works
	// on, such as a list where a value is a string.
	ErrWrongType = errors.New("the key holds another Redis type")

	// ErrUnknownOutcome says that a write may or may not have happened: it was
	// sent, and no reply came. It wraps the cause. A repeat may apply it twice,
	// unless the call had an [OpID].
	ErrUnknownOutcome = errors.New("unknown whether the write happened")
	// ErrNotReplicated says that a write happened, and that too few replicas have
	// confirmed that they have it. It may be lost if the primary fails.
	ErrNotReplicated = errors.New("written, and not confirmed by enough replicas")
	// ErrOutOfMemory says that the server is at maxmemory and evicts nothing.
	ErrOutOfMemory = errors.New("the server is out of memory (see maxmemory and maxmemory-policy)")
	// ErrPermission says that the server asks for authentication, or that its
	// ACL does not allow the command or the key.
	ErrPermission = errors.New("the server refuses permission (see ACL LOG on the server)")
	// ErrOverloaded says that more was asked than the server keeps up with: no
	// connection came free in time, or 16,384 calls or 64 MiB were waiting for
	// the server already, upon which a call fails at once. Nothing was sent, so
	// the call may be repeated; do so later, ask less, or give PoolSize or the
	// server more.
	ErrOverloaded = errors.New("overloaded, and nothing was sent (see PoolSize, PoolTimeout and the load of the server)")

	// ErrNotWatched says that the family was not declared to be watched, so that its
	// writes are not announced.
	ErrNotWatched = errors.New("the family is not watched (annotate it with watch, or set FamilyOptions.Watch)")

	// ErrCrossSlot says that the keys of a transaction do not share a hash tag,
	// so that a Cluster could not change them in one step.
	ErrCrossSlot = errors.New("the keys lie in different slots")
	// ErrOutsideTx says that the context of a transaction was used with its store,
	// where the operation would not be part of the transaction.
	ErrOutsideTx = errors.New("inside a transaction, and not on its Tx; use the Tx, or the context outside")
	// ErrInTx says that a transaction cannot do this.
	ErrInTx = errors.New("not possible in a transaction")
	// ErrTxDone says that a Tx was used after its function returned.
	ErrTxDone = errors.New("the transaction has ended")
)

type notFoundError struct{}

func (notFoundError) Error() string        { return "not found" }
func (notFoundError) Is(target error) bool { return target == redis.Nil }

// Error is the error of an operation on a key. Its text names the operation and
// the key's template, and never a key's parts or stored bytes, so that it can be
// logged.
type Error struct {
	// Op is the operation, such as "Get".
	Op string
	// Family is the key's template, such as "session:<userID>". It is empty for
	// a key without a family.
	Family string
	// Err is what went wrong.
	Err error

	key string
}

// Error returns the operation, the template and what went wrong.
func (e *Error) Error() string {
	if e.Family == "" {
		return fmt.Sprintf("state: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("state: %s %s: %v", e.Op, e.Family, e.Err)
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Key returns the name of the key in Redis, with the store's prefix. It may hold
// personal data or secrets, so think before it is logged. It is empty where an
// operation failed as a whole.
func (e *Error) Key() string { return e.key }

// Format prints the text of e, whatever the verb, so that no verb prints the key.
func (e *Error) Format(f fmt.State, verb rune) { formatText(f, verb, e.Error()) }

// formatText prints a text with quotes if they are asked for.
func formatText(f fmt.State, verb rune, text string) {
	if verb == 'q' {
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text)
}

// LogValue returns the operation, the template and what went wrong.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("op", e.Op),
		slog.String("family", e.Family),
		slog.String("error", fmt.Sprint(e.Err)),
	)
}

// DecodeError says that stored bytes are not a value of the family's type. The
// bytes stay as they are.
type DecodeError struct {
	// Path is where in the value the fault is, such as "cart[3].price"; it is
	// empty for the value as a whole.
	Path string
	// Offset is where in the stored bytes the fault is, counted from 0, or -1
	// if that is unknown.
	Offset int64
	// Reason says what is wrong, without any of the stored bytes.
	Reason string
}

// Error returns the reason and the place.
func (e *DecodeError) Error() string {
	return "cannot decode the stored value" + place(e.Path, e.Offset) + ": " + e.Reason
}

// EncodeError says that a value cannot be stored. Nothing was sent.
type EncodeError struct {
	// Path is where in the value the fault is; it is empty for the value as a
	// whole.
	Path string
	// Reason says what is wrong, without any of the value.
	Reason string
}

// Error returns the reason and the place.
func (e *EncodeError) Error() string {
	return "cannot encode the value" + place(e.Path, -1) + ": " + e.Reason
}

func place(path string, offset int64) string {
	var text string
	if path != "" {
		text = " at " + path
	}
	if offset >= 0 {
		text += fmt.Sprintf(" (byte %d)", offset)
	}
	return text
}
