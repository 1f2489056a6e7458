package peer

import (
	"context"
	"time"
)

// ttl is how long values live, the same as in the families of package model.
const ttl = 30 * time.Minute

// Way is one way to keep a T for each user in Redis.
type Way[T any] struct {
	Name string
	Get  func(ctx context.Context, userID string) (T, error)
	Set  func(ctx context.Context, userID string, v *T) error
}

// What stands before the ID in the keys of peers, as in those of package model.
const (
	SessionKind  = "session"
	PackedKind   = "packed"
	PresenceKind = "presence"
)
