package peer

import (
	"fmt"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
	"github.com/typedstate/typedstate/state"
)

// The keys go where the compiler cannot see that nobody reads them.
var (
	lastKey  state.Key[model.Session]
	lastName string
)

// Keys are ways to make the key of a session from a user's ID. Only the first
// looks at the ID, so that no ID can reach the key of another family.
func (e *Env) Keys() []suite.Side {
	ids := Sessions().ids
	ours := block.Loop(func(n int) error {
		for i := range n {
			lastKey = model.SessionKey(ids[i%documents])
		}
		return nil
	})
	return []suite.Side{
		{Name: suite.Ours, Check: func() error {
			if err := ours(1); err != nil {
				return err
			}
			name, err := lastKey.Name(e.Store)
			if err == nil && name != ourPrefix+"session:"+ids[0] {
				err = errWrong
			}
			return err
		}, Work: ours},
		named("concat", ids, block.Loop(func(n int) error {
			for i := range n {
				lastName = "session:" + ids[i%documents]
			}
			return nil
		})),
		named("sprintf", ids, block.Loop(func(n int) error {
			for i := range n {
				lastName = fmt.Sprintf("session:%s", ids[i%documents]) //nolint:perfsprint // many programs do
			}
			return nil
		})),
	}
}

func named(name string, ids []string, work block.Loop) suite.Side {
	return suite.Side{Name: name, Check: func() error {
		err := work(1)
		if err == nil && lastName != "session:"+ids[0] {
			err = errWrong
		}
		return err
	}, Work: work}
}
