package state

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// Entry is a value with what there is to know of it.
type Entry[T any] struct {
	Value T
	// Token names the stored bytes, for [SetIf] and [RemoveIf].
	Token Token
	// TTL is how long the value has left to live, to the millisecond, or
	// [NoTTL].
	TTL time.Duration
}

// GetEntry returns the value at the key with its token and what it has left to
// live, all of the same moment. It fails as [Key.Get] does; with [ErrNotFound] the
// entry still has the token of absence, with which [SetIf] stores a first value.
// It does not extend the life of a sliding family's value. It sends a script that
// reads, by EVALSHA_RO. O(n) in the length of the value.
func GetEntry[T any](ctx context.Context, r Reader, k Key[T]) (e Entry[T], err error) {
	e.Token, e.TTL, err = getEntry(ctx, r, k.ref, &e.Value)
	return e, err
}

func getEntry(ctx context.Context, r Reader, k ref, v any) (token Token, left time.Duration, err error) {
	o := beginKey(ctx, readerOf(r), "GetEntry", k, mayGet)
	if o.err == nil {
		var s snapshot
		s, o.err = o.look(entryScript.Read, receipt{})
		if o.err == nil {
			token, left = s.token(), s.left
			o.decodeSnapshot(&s, v)
		}
	}
	if o.err != nil && !errors.Is(o.err, ErrNotFound) {
		token, left = Token{}, 0
	}
	return token, left, o.end()
}

// snapshot is what is stored at a key at one moment.
type snapshot struct {
	data    []byte
	present bool
	left    time.Duration // NoTTL for ever
	receipt []byte        // nil if there is none
}

func (s *snapshot) token() Token {
	if !s.present {
		return Absent()
	}
	return tokenOf(s.data)
}

//go:embed entry.lua
var entrySource string

var entryScript = exec.NewScript(entrySource)

// look returns what is stored at the operation's key, and under the receipt if
// it has a name.
func (o *operation) look(by func(keys []string, args ...any) exec.Command, r receipt) (snapshot, error) {
	if o.tx != nil {
		return o.tx.look(o)
	}
	keys := []string{o.key.String()}
	if r.key != "" {
		keys = append(keys, r.key)
	}
	s, err := snapshotOf(o.do(by(keys).Expecting(o.family.usualBytes())))
	if err == nil {
		o.family.noteBytes(len(s.data))
	}
	return s, cause(o.ctx, err)
}

// snapshotOf reads the reply of the script.
func snapshotOf(reply exec.Reply) (s snapshot, err error) {
	list, err := reply.List()
	if err != nil {
		return s, err
	}
	if len(list) != 3 {
		return s, errMalformed
	}
	if s.present = list[0] != nil; s.present {
		s.data, err = exec.Bytes(list[0])
	}
	ms, ok := list[1].(int64)
	if s.left = lifeOf(ms); err == nil && !ok {
		err = errMalformed
	}
	if err == nil && list[2] != nil {
		s.receipt, err = exec.Bytes(list[2])
	}
	return s, err
}

// decodeSnapshot reads what is stored into what v points to.
func (o *operation) decodeSnapshot(s *snapshot, v any) {
	if !s.present {
		o.err = ErrNotFound
		return
	}
	o.decode(s.data, v)
}
