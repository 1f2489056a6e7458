package jobs

import (
	"errors"
	"fmt"
	"strconv"
)

// State is where a job stands.
type State uint8

// The states. Each is stored by its number.
const (
	// Pending: no attempt is under way, and one may start.
	Pending State = iota + 1
	// Running: an attempt is under way, or its lease has ended and nobody has noticed.
	Running
	// Succeeded: there is a result.
	Succeeded
	// Failed: there is a failure, and no attempt is left.
	Failed
	// Cancelled: somebody has asked for that.
	Cancelled
)

var stateNames = [...]string{Pending: "pending", Running: "running", Succeeded: "succeeded", Failed: "failed", Cancelled: "cancelled"}

// String returns the state in lower case, such as "pending", and the number of one that
// there is not.
func (s State) String() string {
	if !s.Valid() {
		return "state " + strconv.Itoa(int(s))
	}
	return stateNames[s]
}

// MarshalText returns what String does, or an error for a state that there is not.
func (s State) MarshalText() ([]byte, error) {
	if !s.Valid() {
		return nil, fmt.Errorf("jobs: %v is none", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText sets s to the state that String returns as text.
func (s *State) UnmarshalText(text []byte) error {
	for state := Pending; state <= Cancelled; state++ {
		if state.String() == string(text) {
			*s = state
			return nil
		}
	}
	return errors.New("jobs: that is no state; they are pending, running, succeeded, failed and cancelled")
}

// Valid reports whether s is one of the states.
func (s State) Valid() bool { return Pending <= s && s <= Cancelled }

// Final reports whether nothing happens to a job in this state any more but that it
// expires or is restarted.
func (s State) Final() bool { return Succeeded <= s && s <= Cancelled }
