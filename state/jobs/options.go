package jobs

import "time"

// Options say how a tracker behaves.
type Options struct {
	// Worker names who runs the attempts that this tracker starts, such as a host and a
	// process id, for [Status.Worker]. It has at most 256 bytes.
	Worker string
	// ReportEvery is how often a run sends its progress at most; 0 is 200 ms. What is reported
	// in between is replaced by what is reported later.
	ReportEvery time.Duration
}

// CreateOption changes a call of [Tracker.Create].
type CreateOption interface{ apply(*creation) }

// IfExists says what becomes of a job that there is already. Without it, that is
// [ReturnExisting].
func IfExists(e Existing) CreateOption { return e }

// Existing is what becomes of a job that is to be created and is there already.
type Existing uint8

// What becomes of it.
const (
	// ReturnExisting leaves it as it is and returns its status.
	ReturnExisting Existing = iota
	// RestartFailed restarts it if it has failed or was cancelled, and leaves it as it is
	// otherwise.
	RestartFailed
	// RejectExisting fails with a [*RefusedError] that matches state.ErrExists.
	RejectExisting
)

func (e Existing) apply(c *creation) { c.existing = e }

// StartIn has the first attempt start no earlier than in d, which is at most 366 days.
func StartIn(d time.Duration) CreateOption { return startIn(d) }

type startIn time.Duration

func (d startIn) apply(c *creation) { c.delay = time.Duration(d) }

// Attempts has n attempts fail before the job has, and not FamilyOptions.Attempts.
func Attempts(n int) CreateOption { return attempts(n) }

type attempts int

func (n attempts) apply(c *creation) { c.attempts, c.counted = int(n), true }

// creation is what the options of [Tracker.Create] say.
type creation struct {
	existing Existing
	delay    time.Duration
	attempts int
	counted  bool
}
