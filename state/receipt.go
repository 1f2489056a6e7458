package state

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/keyspec"
)

const (
	// receiptSegment begins the names of receipts, after the prefix of the
	// store. No template may have a segment that begins so. What follows says
	// what comes then: a key with a tag of its own, one as a whole as the tag, or
	// the tag of a transaction.
	receiptSegment = "__op:"
	ofTagged       = "tagged:"
	ofWhole        = "key:"
	ofTx           = "tx:"
	// maxOpIDBytes bounds an operation id.
	maxOpIDBytes = 256

	defaultReceiptTTL = time.Hour
)

var errReceiptOfAnother = errors.New("this OpID was used for another operation; give each call an id of its own")

// receipt notes in Redis, in the same step as a change, that a call was applied,
// so that the same call made again is answered and not applied again. Its zero
// value notes nothing.
type receipt struct {
	key  string // with the prefix
	ttl  string // milliseconds
	says string // what was done, and for a value that was taken, the value
}

// receiptOf returns the receipt of an operation on its key, or none without an
// OpID.
func (o *operation) receiptOf(given *callOptions) (receipt, error) {
	if !given.once {
		return receipt{}, nil
	}
	if o.tx != nil {
		return receipt{}, fmt.Errorf("%w: give OpID to Atomically", ErrInTx)
	}
	return o.store.newReceipt(o.name, slotName(o.store.prefix, o.key.String()), given.opID)
}

// newReceipt returns a receipt whose name has the operation's id after place.
func (s *Store) newReceipt(op, place, id string) (receipt, error) {
	if id == "" || len(id) > maxOpIDBytes {
		return receipt{}, fmt.Errorf("%w: the OpID has %d bytes; give 1 to %d", ErrInvalidKey, len(id), maxOpIDBytes)
	}
	return receipt{
		key:  string(keyspec.AppendString([]byte(s.prefix+receiptSegment+place+":"), id)),
		ttl:  strconv.FormatInt(milliseconds(s.options.ReceiptTTL), 10),
		says: op + "\n",
	}, nil
}

// slotName returns a name that lies in the slot of the key and names nothing but
// it: the key without its prefix if it has a hash tag, and otherwise the whole
// key as a hash tag.
func slotName(prefix, key string) string {
	if name := strings.TrimPrefix(key, prefix); strings.Contains(name, "{") {
		return ofTagged + name
	}
	return ofWhole + "{" + key + "}"
}

// confirm waits for the replicas that the operation asks for to have what a receipt
// tells of, which was read and so may be on the primary alone. It sends the script
// for no key but the receipt's.
func (o *operation) confirm(r *receipt) error {
	if o.replication.Replicas == 0 {
		return nil
	}
	reply := o.do(commitScript.Write([]string{r.key}, r.ttl, r.says, ""))
	if err := reply.Err(); err != nil {
		return writeCause(o.ctx, err)
	}
	return o.replicated(reply)
}

// answer returns what a receipt says that was found in Redis, and whether there
// was a value before where that was asked for.
func (r *receipt) answer(found []byte, old bool) (value []byte, had bool, err error) {
	text, ok := strings.CutPrefix(string(found), r.op())
	if !ok {
		return nil, false, errReceiptOfAnother
	}
	if !old {
		return []byte(text), false, nil
	}
	value, had = []byte(text), strings.HasPrefix(text, "1")
	return value[min(1, len(value)):], had, nil
}

// op is the line of the receipt that names the operation.
func (r *receipt) op() string {
	op, _, _ := strings.Cut(r.says, "\n")
	return op + "\n"
}
