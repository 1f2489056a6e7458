package peer

import (
	"context"

	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
)

// OursJSON is this SDK with generated accessors, as JSON.
func (e *Env) OursJSON() Way[model.Session] {
	store := model.NewSessionStore(e.Store)
	return Way[model.Session]{
		Name: suite.Ours,
		Get:  func(ctx context.Context, userID string) (model.Session, error) { return store.Get(ctx, userID) },
		Set: func(ctx context.Context, userID string, v *model.Session) error {
			return store.Set(ctx, userID, *v)
		},
	}
}

// OursMsgpack is this SDK with generated accessors, as MessagePack.
func (e *Env) OursMsgpack() Way[model.Session] {
	store := model.NewPackedStore(e.Store)
	return Way[model.Session]{
		Name: suite.Ours,
		Get:  func(ctx context.Context, userID string) (model.Session, error) { return store.Get(ctx, userID) },
		Set: func(ctx context.Context, userID string, v *model.Session) error {
			return store.Set(ctx, userID, *v)
		},
	}
}

// OursPresence is this SDK with a value of about 50 bytes of JSON.
func (e *Env) OursPresence() Way[model.Presence] {
	store := model.NewPresenceStore(e.Store)
	return Way[model.Presence]{
		Name: suite.Ours,
		Get:  func(ctx context.Context, userID string) (model.Presence, error) { return store.Get(ctx, userID) },
		Set: func(ctx context.Context, userID string, v *model.Presence) error {
			return store.Set(ctx, userID, *v)
		},
	}
}
