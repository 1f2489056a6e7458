package gen

import (
	"errors"
	"os"

	"github.com/rogpeppe/go-internal/diff"
)

// Change is what has to happen to a file.
type Change string

// The changes that a file can need.
const (
	Unchanged Change = "unchanged"
	Missing   Change = "missing"
	Stale     Change = "stale"
	Orphaned  Change = "orphaned" // the package has no directive left
)

// Change returns what has to happen to f.
func (f File) Change() Change {
	switch {
	case f.New == nil:
		return Orphaned
	case f.Old == nil:
		return Missing
	case sameText(f.Old, f.New):
		return Unchanged
	default:
		return Stale
	}
}

// Diff returns what [File.Apply] would change as a unified diff, with the file
// named relative to base, and nothing if it would change nothing.
func (f File) Diff(base string) []byte {
	if f.Change() == Unchanged {
		return nil
	}
	before, after := relative(f.Path, base), relative(f.Path, base)
	switch f.Change() {
	case Missing:
		before = os.DevNull
	case Orphaned:
		after = os.DevNull
	}
	return diff.Diff(before, f.Old, after, f.New)
}

// Apply writes and removes files until they are as they should be. It does
// nothing if there is an error in any package, or if one of the files cannot be
// written.
func (r *Result) Apply() error {
	if r.Failed() {
		return errors.New("nothing is written as long as there are errors")
	}
	staged := make([]string, len(r.Files))
	defer func() {
		for _, temp := range staged {
			if temp != "" {
				_ = os.Remove(temp)
			}
		}
	}()
	for i, f := range r.Files {
		if change := f.Change(); change == Missing || change == Stale {
			temp, err := stage(f.Path, f.New)
			if err != nil {
				return err
			}
			staged[i] = temp
		}
	}
	for i, f := range r.Files {
		var err error
		if staged[i] != "" {
			err = os.Rename(staged[i], f.Path)
		} else if f.Change() == Orphaned {
			err = os.Remove(f.Path)
		}
		if err != nil {
			return err
		}
		staged[i] = ""
	}
	return nil
}

// Name returns the path of f as a person in base would write it.
func (f File) Name(base string) string { return relative(f.Path, base) }
