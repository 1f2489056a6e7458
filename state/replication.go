package state

import (
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// Replication asks that writes reach replicas before they count as done.
//
// Redis replicates after it has replied, so a write that a primary has
// acknowledged is lost if that primary fails before a replica has it. With a
// Replication a call returns nil only once that many replicas have said that
// they have the write. That makes the loss rare; it does not make Redis a
// consensus system, since a replica that lacks the write can still be promoted
// in place of one that has it. With as many Replicas as each primary has, no
// replica lacks it.
type Replication struct {
	// Replicas is how many replicas must have a write; 0 is none.
	Replicas int
	// Timeout is how long to wait for them, to the millisecond. It must be
	// shorter than the ReadTimeout of the go-redis client.
	Timeout time.Duration
}

var errWrapped = errors.New("needs a *redis.Client or a *redis.ClusterClient, and not one that wraps it; add hooks to it instead")

func (r Replication) check(c *exec.Client) error {
	switch limit := c.ReadTimeout(); {
	case r == Replication{}:
		return nil
	case !c.Known():
		return errWrapped
	case r.Replicas < 1:
		return fmt.Errorf("asks for %d replicas; give 1 or more", r.Replicas)
	case r.Timeout < time.Millisecond:
		return fmt.Errorf("has the Timeout %v; give a millisecond or more", r.Timeout)
	case limit > 0 && r.Timeout >= limit:
		return fmt.Errorf("has the Timeout %v; give less than the client's ReadTimeout, which is %v", r.Timeout, limit)
	}
	return nil
}

// replicate notes what the operation asks of replicas: what the call says, or
// the store.
func (o *operation) replicate(given *callOptions) {
	if o.err != nil {
		return
	}
	if o.replication = o.store.options.Replication; given.replication == nil {
		return
	}
	if o.tx != nil {
		o.err = fmt.Errorf("%w: give Replicated to Atomically", ErrInTx)
		return
	}
	o.replication = *given.replication
	if o.replication.Replicas == 0 {
		o.replication = Replication{}
	}
	if err := o.replication.check(o.exec()); err != nil {
		o.err = fmt.Errorf("state.Replicated %w", err)
	}
}

// replicated returns [ErrNotReplicated] if the write that was replied to is not
// confirmed.
func (o *operation) replicated(reply exec.Reply) error {
	short, why := reply.Short()
	switch {
	case !short:
		return nil
	case why != nil:
		return fmt.Errorf("%w: %w", ErrNotReplicated, cause(o.ctx, why))
	}
	return fmt.Errorf("%w: fewer than %d within %v", ErrNotReplicated, o.replication.Replicas, o.replication.Timeout)
}
