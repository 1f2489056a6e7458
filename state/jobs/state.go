package jobs

import "strconv"

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

// Valid reports whether s is one of the states.
func (s State) Valid() bool { return Pending <= s && s <= Cancelled }

// Final reports whether nothing happens to a job in this state any more but that it
// expires or is restarted.
func (s State) Final() bool { return Succeeded <= s && s <= Cancelled }
