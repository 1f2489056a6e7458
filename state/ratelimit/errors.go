package ratelimit

import "errors"

// What went wrong, to be matched with [errors.Is].
var (
	// ErrTokens says that a call asks for no tokens, or for less, or that a refund is of more
	// than was taken.
	ErrTokens = errors.New("not a number of tokens that it can be")
	// ErrNever says that a call asks for more than a limit can ever have at once.
	ErrNever = errors.New("more tokens than the limit can ever grant at once")
	// ErrUnknownLimit says that no limit has that name.
	ErrUnknownLimit = errors.New("there is no limit of that name")
	// ErrOpIDReused says that an [OpID] was used for another call of the subject before.
	ErrOpIDReused = errors.New("this OpID was used for another call; give each call an id of its own")
	// ErrRefunded says that the call with this [OpID] was granted its tokens, and that
	// they have been given back.
	ErrRefunded = errors.New("the tokens of this OpID have been given back; a new call needs an id of its own")

	// ErrFull says that all permits of a semaphore are taken. A [*FullError] knows more.
	ErrFull = errors.New("all permits are taken")
	// ErrPermitLost says that a permit's lease has ended, so that another may have its
	// place.
	ErrPermitLost = errors.New("the permit was lost: its lease has ended")
)
