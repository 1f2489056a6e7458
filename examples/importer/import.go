package main

import (
	"regexp"
	"slices"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// Import brings a price list into the shop.
type Import struct {
	Progress Progress
	Result   Report
}

// Progress is how far it has come.
type Progress struct {
	Rows    int `json:"rows"`
	Skipped int `json:"skipped"`
}

// Report is what has come of it.
type Report struct {
	Imported int `json:"imported"`
	Skipped  int `json:"skipped"`
}

// lease is how long an import stays with a process that has died.
const lease = 5 * time.Second

var importJobs = jobs.Define[ImportKey, Progress, Report]("import:<source>:<importID>", jobs.FamilyOptions{
	Lease: lease, Keep: time.Hour, Idle: time.Hour,
})

// ImportKey names an import.
type ImportKey struct{ Source, ImportID string }

// These are what generated code will have.
type (
	ImportTracker = jobs.Tracker[ImportKey, Progress, Report]
	ImportRun     = jobs.Run[Progress, Report]
	ImportStatus  = jobs.Status[Progress, Report]
)

// NewImportTracker returns a tracker of the imports in store.
func NewImportTracker(store *state.Store, o jobs.Options) (*ImportTracker, error) {
	return jobs.New(store, importJobs, o)
}

// validID matches the names of imports that a page may ask for. A key takes any text; this
// only keeps addresses short.
var validID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// valid reports whether there can be an import of that key.
func valid(key ImportKey) bool {
	return slices.Contains(sources, key.Source) && validID.MatchString(key.ImportID)
}
