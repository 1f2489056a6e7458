package state

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// Tx is a transaction that [Store.Atomically] runs. It is a [Reader], [Writer] and
// [Remover], so generated readers and stores work on it, and so do the functions
// of this package, with what they can fail with. It reads each key once, shows
// what it has itself written, and sends no write before it commits.
//
// What cannot be part of it fails with [ErrInTx]: [Keys], [All], [RemoveAll], [Watch]
// and its kin, and [OpID] and [Replicated] on a call, which are options of Atomically. Reads do not
// extend the life of a sliding family's values.
type Tx struct {
	store *Store
	done  atomic.Bool

	mu      sync.Mutex
	members []*member // in the order of their first use
	receipt txReceipt
	err     error // why it must not commit
}

// member is a key of a transaction.
type member struct {
	key    string // with the prefix
	family string // its template
	read   bool
	before snapshot // what was read
	write  *change  // what is to be done, or nil
	after  snapshot // what is there once that is done
}

func (tx *Tx) target() target {
	if tx == nil {
		return target{}
	}
	return target{store: tx.store, tx: tx}
}

func (tx *Tx) reader() any  { return tx }
func (tx *Tx) writer() any  { return tx }
func (tx *Tx) remover() any { return tx }

// txKey is the key of the transaction in the context that its function is given.
type txKey struct{}

// checkOutsideTx returns [ErrOutsideTx] if ctx is that of a transaction of the
// same connection.
func (s *Store) checkOutsideTx(ctx context.Context) error {
	if tx, ok := ctx.Value(txKey{}).(*Tx); ok && tx.store.connection == s.connection && !tx.done.Load() {
		return ErrOutsideTx
	}
	return nil
}

// join makes the key one of the transaction, or returns [ErrCrossSlot].
func (tx *Tx) join(key, family string) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.find(key) != nil {
		return nil
	}
	if len(tx.members) > 0 {
		first := tx.members[0]
		if tag := hashTag(key); tag == "" || tag != hashTag(first.key) {
			tx.err = fmt.Errorf("%w: %s", ErrCrossSlot, crossSlot(first, key, family))
			return tx.err
		}
	}
	tx.members = append(tx.members, &member{key: key, family: family})
	return nil
}

// crossSlot says what keeps two keys from one transaction.
func crossSlot(first *member, key, family string) string {
	var untagged []string
	for _, m := range []*member{first, {key: key, family: family}} {
		if hashTag(m.key) == "" {
			untagged = append(untagged, m.family)
		}
	}
	if len(untagged) > 0 {
		return fmt.Sprintf("%s and %s are used together, and %s has no hash tag; put braces around what they share, as in cart:{<tenant>}:<id>",
			first.family, family, strings.Join(slices.Compact(untagged), " nor "))
	}
	return fmt.Sprintf("%s and %s are used together, with different values in the braces", first.family, family)
}

// hashTag returns the part of a key by which a Cluster chooses its slot, or "" if
// that is the whole key.
func hashTag(key string) string {
	_, rest, ok := strings.Cut(key, "{")
	if !ok {
		return ""
	}
	tag, _, _ := strings.Cut(rest, "}")
	return tag
}

func (tx *Tx) find(key string) *member {
	for _, m := range tx.members {
		if m.key == key {
			return m
		}
	}
	return nil
}

// Format prints nothing of tx, as it holds keys and values.
func (tx *Tx) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "state.Tx") }

// look returns what the transaction sees at the operation's key.
func (tx *Tx) look(o *operation) (snapshot, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.done.Load() {
		return snapshot{}, ErrTxDone
	}
	m := tx.find(o.key.String())
	if err := tx.load(o, m); err != nil {
		return snapshot{}, err
	}
	return m.after, nil
}

// load reads a key, unless that is done, or what it will hold is known.
func (tx *Tx) load(o *operation, m *member) error {
	if m.read || m.write != nil && m.write.action == actionSet {
		return nil
	}
	s, err := snapshotOf(o.exec().Do(o.ctx, tx.read(m)))
	if err != nil {
		return cause(o.ctx, err)
	}
	return tx.record(m, s)
}

// read returns the command that reads a key, and the receipt beside it.
func (tx *Tx) read(m *member) exec.Command {
	keys := []string{m.key}
	if name := tx.receipt.nameFor(m.key); name != "" {
		keys = append(keys, name)
	}
	return entryScript.ReadPrimary(keys)
}

// record notes what was read.
func (tx *Tx) record(m *member, s snapshot) error {
	if s.receipt != nil {
		tx.err = errAppliedBefore
		return tx.err
	}
	m.read, m.before = true, s
	if m.write == nil {
		m.after = s
	}
	return nil
}

// prefetch reads those keys of a batch in one round trip that the transaction
// does not know yet, and fails if the transaction was applied before. What else
// keeps it from reading a key the batch finds out by itself.
func (tx *Tx) prefetch(o *operation, items []item) (err error) {
	b := o.batch()
	var finish []func()
	for _, item := range items {
		one := operation{target: o.target, ctx: o.ctx, family: item.family}
		if one.locate(item.ref); one.err != nil {
			continue
		}
		tx.mu.Lock()
		m := tx.find(one.key.String())
		tx.mu.Unlock()
		if m.read || m.write != nil {
			continue
		}
		reply := b.Add(tx.read(m))
		finish = append(finish, func() {
			if s, failed := snapshotOf(*reply); failed == nil {
				tx.mu.Lock()
				defer tx.mu.Unlock()
				if !m.read {
					err = cmp.Or(err, tx.record(m, s))
				}
			}
		})
	}
	o.exec().Send(o.ctx, b)
	for _, f := range finish {
		f()
	}
	return err
}

// change notes a change for the commit, if what the transaction sees is as the
// change expects.
func (tx *Tx) change(o *operation, c *change) (e effect, err error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.done.Load() {
		return e, ErrTxDone
	}
	m := tx.find(o.key.String())
	if c.expect != expectAnything || c.action != actionSet || c.old {
		if err := tx.load(o, m); err != nil {
			return e, err
		}
	}
	seen := m.after
	if !seen.matches(c.expect) {
		return effect{refused: true}, nil
	}
	e.had = seen.present && (c.old || c.action == actionUnlink)
	if c.old {
		e.old = seen.data
	}
	m.apply(c)
	return e, nil
}

// matches reports whether what was seen is as expected.
func (s *snapshot) matches(expect expectation) bool {
	switch expect {
	case expectAnything:
		return true
	case expectPresent:
		return s.present
	default:
		return s.token().expectation() == expect
	}
}

// apply adds a change to what is to be done with the key.
func (m *member) apply(c *change) {
	left := m.after.left
	switch c.action {
	case actionNone:
		return
	case actionUnlink:
		m.after = snapshot{}
	case actionExpire, actionLonger:
		if c.action == actionLonger && (left == NoTTL || left >= lifeOf(c.ms)) {
			return
		}
		m.after.left = lifeOf(c.ms)
		switch {
		case m.write == nil:
		case m.write.action.stores():
			// The value is written anyway, and now with this TTL.
			c = &change{key: c.key, action: actionSet, data: m.after.data, ms: c.ms}
		case m.write.action == actionExpire:
			// It is longer than what the transaction has set itself.
			c = &change{key: c.key, action: actionExpire, ms: c.ms}
		}
	default:
		c = m.merge(c, left)
	}
	m.write = c
}

// merge returns the change that stores a value after what the transaction has
// done with the key so far.
func (m *member) merge(c *change, left time.Duration) *change {
	ms := c.ms
	inherited := m.after.present && left != NoTTL
	switch {
	case c.action == actionKeep && inherited, c.action == actionExtend && inherited && left > lifeOf(c.ms):
		ms = milliseconds(left)
	}
	known := m.write != nil && m.write.action != actionKeep && m.write.action != actionExtend
	m.after = snapshot{data: c.data, present: true, left: lifeOf(ms)}
	if ms == 0 {
		m.after.left = NoTTL
	}
	if c.action == actionKeep && m.write != nil && m.write.action == actionExtend {
		return &change{key: c.key, action: actionExtend, data: c.data, ms: m.write.ms}
	}
	if known || c.action == actionSet {
		return &change{key: c.key, action: actionSet, data: c.data, ms: ms}
	}
	return c
}

// unlink notes the removal of keys for the commit and returns how many of them
// there are.
func (tx *Tx) unlink(o *operation, keys []redisKey, failures *failures) (removed int) {
	for _, key := range keys {
		one := *o
		one.key = key
		e, err := tx.change(&one, &change{key: one.key, expect: expectAnything, action: actionUnlink})
		if failures.add(err); e.had {
			removed++
		}
	}
	return removed
}
