package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/typedstate/typedstate/internal/exec"
)

// GetState returns the JSON texts stored under names without a family. A name
// that is not stored has no entry in the map; one that stores JSON null has the
// entry "null". It fails with [ErrInvalidKey], [ErrWrongType], [ErrTooLarge],
// [ErrGetDisabled], or a [*DecodeError] where the bytes are no JSON. It sends GET
// for each name, in round trips that they share. O(1) for each name.
//
// A name is what follows the store's prefix in Redis, as it stands: valid UTF-8
// without spaces, control characters and the glob characters * ? [ ] \, no segment
// of which begins with "__", and which does not begin with "~". Nothing keeps it
// apart from the keys of families.
func (s *Store) GetState(ctx context.Context, names ...string) (map[string]json.RawMessage, error) {
	o := begin(ctx, target{store: s}, "GetState", nil, len(names), mayGet)
	full := o.adHoc(names...)
	if o.err != nil {
		return nil, o.end()
	}
	var b exec.Batch
	b.Grow(len(full))
	replies := make([]*exec.Reply, len(full))
	for i, name := range full {
		replies[i] = b.Add(exec.Get(name))
	}
	o.exec().Send(o.ctx, &b)
	values := make(map[string]json.RawMessage, len(names))
	for i, reply := range replies {
		data, err := reply.Bytes()
		if err = cause(o.ctx, err); errors.Is(err, ErrNotFound) {
			continue
		}
		var value json.RawMessage
		if err == nil {
			o.bytes += len(data)
			err = decode(jsonCodec{}, data, &value, s.options.MaxValueBytes)
		}
		if err != nil {
			o.key, o.err = redisKey{rest: full[i]}, err
			return nil, o.end()
		}
		values[names[i]] = value
	}
	return values, o.end()
}

// SetState stores the JSON text of value under a name without a family, for ttl,
// or for ever if ttl is [NoTTL]. See [Store.GetState] for names. It fails with
// [ErrInvalidKey], [ErrInvalidTTL], an [*EncodeError], [ErrTooLarge] or
// [ErrSetDisabled], and then nothing was sent. It sends SET. O(1).
func (s *Store) SetState(ctx context.Context, name string, value any, ttl time.Duration) error {
	o := begin(ctx, target{store: s}, "SetState", nil, 1, maySet)
	full := o.adHoc(name)
	if o.err == nil && ttl != NoTTL {
		o.err = checkTTL(ttl)
	}
	if o.err == nil {
		o.key = redisKey{rest: full[0]}
		c := change{key: o.key, expect: expectAnything, action: actionSet, ms: milliseconds(max(ttl, 0))}
		if c.data, o.err = encode(jsonCodec{}, nil, &value, s.options.MaxValueBytes); o.err == nil {
			o.bytes = len(c.data)
			_, o.err = o.make(&c)
		}
	}
	return o.end()
}

// RemoveState removes what is stored under names without a family and returns how
// many of them there were. See [Store.GetState] for names. It fails with
// [ErrInvalidKey] or [ErrRemoveDisabled], and then nothing was sent. It sends
// UNLINK for each name, in round trips that they share; it is not atomic. O(1)
// for each name.
func (s *Store) RemoveState(ctx context.Context, names ...string) (removed int, err error) {
	o := begin(ctx, target{store: s}, "RemoveState", nil, len(names), mayRemove)
	full := o.adHoc(names...)
	if o.err != nil {
		return 0, o.end()
	}
	keys := make([]redisKey, len(full))
	for i, name := range full {
		keys[i].rest = name
	}
	var failures failures
	removed = o.unlink(keys, &failures)
	o.err = failures.of(len(names))
	return removed, o.end()
}

// adHoc returns the names in Redis of names without a family. If one of them will
// not do, it says so in the operation's error.
func (o *operation) adHoc(names ...string) []string {
	full := make([]string, len(names))
	for i, name := range names {
		if o.err == nil {
			o.err = checkAdHoc(name)
		}
		if o.err == nil {
			var key redisKey
			key, o.err = o.store.withPrefix(name)
			full[i] = key.String()
		}
	}
	return full
}

func checkAdHoc(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: the name is empty", ErrInvalidKey)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: the name is not valid UTF-8", ErrInvalidKey)
	case strings.HasPrefix(name, "~"):
		return fmt.Errorf(`%w: the name begins with "~", which begins the keys of tenants`, ErrInvalidKey)
	case strings.ContainsAny(name, `*?[]\`) || strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}):
		return fmt.Errorf(`%w: the name has a space, a control character or one of * ? [ ] \`, ErrInvalidKey)
	}
	for segment := range strings.SplitSeq(name, ":") {
		if strings.HasPrefix(segment, "__") {
			return fmt.Errorf(`%w: a segment of the name begins with "__", which is kept for the library's own keys`, ErrInvalidKey)
		}
	}
	return nil
}
