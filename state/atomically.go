package state

import (
	"context"
	"errors"

	"github.com/typedstate/typedstate/internal/exec"
)

// Atomically runs f with a transaction and applies what f has written through it,
// all in one step or not at all: only if everything that f read is still as f
// read it. If something is not, f runs again on a new Tx, so f should do nothing
// but read and write through tx.
//
//	err := store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
//		from, err := shop.NewAccountStore(tx).Get(ctx, tenant, a)
//		…
//	})
//
// All keys of a transaction share a hash tag, as those of "cart:{<tenant>}:<id>"
// and "order:{<tenant>}:<id>" do for one tenant; [ErrCrossSlot] says which
// family lacks it, on a single server too. f gets a context of its own: an
// operation on the store with it fails with [ErrOutsideTx], so that nothing is
// done outside the transaction by mistake.
//
// An error of f comes back as it is, and nothing was written. Besides, Atomically
// fails with [ErrConflict] if f was overtaken each time, [ErrCrossSlot],
// [ErrWrongType], [ErrUnknownOutcome] and what any write can fail with.
//
// With [OpID] a transaction that was applied before is answered with nil: f is cut
// short at its first read, whose error it should return.
//
// It sends a script for each read and one that checks all and writes all. O(n) in
// the length of the values.
func (s *Store) Atomically(ctx context.Context, f func(ctx context.Context, tx *Tx) error, opts ...TxOption) error {
	o := begin(ctx, target{store: s}, "Atomically", nil, 0, 0)
	given := collect(opts, TxOption.applyTx)
	o.replicate(&given)
	if o.err == nil && given.once {
		_, o.err = s.newReceipt(o.name, "", given.opID)
	}
	for attempt := 1; o.err == nil; attempt++ {
		tx := &Tx{store: s, receipt: txReceipt{store: s, given: &given}}
		if err := tx.run(o.ctx, f); err != nil {
			return o.endWith(err)
		}
		violated, err := tx.commit(&o)
		if o.err = err; err != nil || len(violated) == 0 {
			break
		}
		if attempt == conflictAttempts {
			o.err = conflictOf(attempt, violated)
		} else {
			o.err = backOff(o.ctx, attempt)
		}
	}
	return o.end()
}

// run runs f on the transaction and returns its error, unless the transaction
// has one of its own.
func (tx *Tx) run(ctx context.Context, f func(context.Context, *Tx) error) error {
	defer tx.end()
	err := f(context.WithValue(ctx, txKey{}, tx), tx)
	if errors.Is(tx.err, errAppliedBefore) {
		return nil
	}
	return err
}

// end has the transaction take no more calls.
func (tx *Tx) end() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.done.Store(true)
}

// errAppliedBefore ends a transaction whose receipt was found.
var errAppliedBefore = errors.New("the transaction was applied before")

// commit applies the transaction and returns the members that are not as they
// were read, in which case nothing was applied.
func (tx *Tx) commit(o *operation) (violated []*member, err error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	switch {
	case errors.Is(tx.err, errAppliedBefore):
		r, err := tx.receipt.at(tx.members[0].key)
		if err == nil {
			err = o.confirm(&r)
		}
		return nil, err
	case tx.err != nil:
		return nil, tx.err
	}
	used, writes := tx.used()
	replicated := o.replication.Replicas > 0
	if len(used) == 0 || !writes && len(used) == 1 && !tx.receipt.given.once && !replicated {
		return nil, nil
	}
	keys := make([]string, 0, len(used)+1)
	args := []any{"", "", ""}
	for _, m := range used {
		c := m.final()
		keys = append(keys, m.key)
		args = append(args, c.args()...)
	}
	send := commitScript.Write
	if !writes && !replicated {
		send = commitScript.ReadPrimary
	}
	var r receipt
	if tx.receipt.given.once {
		if r, err = tx.receipt.at(used[0].key); err != nil {
			return nil, err
		}
		keys = append(keys, r.key)
		args[0], args[1] = r.ttl, r.says
		send = commitScript.Write
	}
	reply := o.do(send(keys, args...))
	verdict, list, err := verdictOf(reply)
	switch {
	case err != nil:
		return nil, writeCause(o.ctx, err)
	case verdict == refusedVerdict:
		return violatedOf(used, list)
	case verdict == againVerdict && len(list) == 1:
		found, _ := exec.Bytes(list[0])
		if _, _, err := r.answer(found, false); err != nil {
			return nil, err
		}
	}
	return nil, o.replicated(reply)
}

// used returns the members that were read or written, and whether any was
// written.
func (tx *Tx) used() (used []*member, writes bool) {
	for _, m := range tx.members {
		if m.read || m.write != nil {
			used = append(used, m)
		}
		writes = writes || m.write != nil
	}
	return used, writes
}

// final returns the change of a member for the commit, with what was read as its
// condition.
func (m *member) final() change {
	c := change{action: actionNone}
	if m.write != nil {
		c = *m.write
	}
	c.expect = expectAnything
	if m.read {
		c.expect = m.before.token().expectation()
	}
	return c
}

// violatedOf returns the members with those numbers, counted from 1.
func violatedOf(used []*member, numbers []any) (violated []*member, err error) {
	for _, v := range numbers {
		n, ok := v.(int64)
		if !ok || n < 1 || n > int64(len(used)) {
			return nil, errMalformed
		}
		violated = append(violated, used[n-1])
	}
	if len(violated) == 0 {
		return nil, errMalformed
	}
	return violated, nil
}

func conflictOf(attempts int, violated []*member) *ConflictError {
	e := &ConflictError{Attempts: attempts}
	for _, m := range violated {
		e.Families, e.keys = append(e.Families, m.family), append(e.keys, m.key)
	}
	return e
}

// txReceipt makes the receipt of a transaction once a key tells its slot.
type txReceipt struct {
	store *Store
	given *callOptions
}

func (t *txReceipt) at(key string) (receipt, error) {
	tag := hashTag(key)
	if tag == "" {
		tag = key
	}
	return t.store.newReceipt("Atomically", ofTx+"{"+tag+"}", t.given.opID)
}

// nameFor returns the name of the receipt beside that key, or "" if the
// transaction has none.
func (t *txReceipt) nameFor(key string) string {
	if !t.given.once {
		return ""
	}
	r, _ := t.at(key) // its id was checked when the transaction began
	return r.key
}
