package gen

import (
	"context"
	"path/filepath"
	"slices"
)

// Result is what a run came to.
type Result struct {
	// Diagnostics is everything that is wrong, and the warnings, by position.
	Diagnostics []Diagnostic
	// Files are the generated files as they should be, by directory.
	Files []File
	// Families, Limiters, Trackers and Packages count what was found.
	Families, Limiters, Trackers, Packages int
	// Notes are remarks about how the run went.
	Notes []string
}

// File is the generated file of one package.
type File struct {
	// Path is where it belongs, absolute.
	Path string
	// Old is what is on disk, nil if nothing is.
	Old []byte
	// New is what should be there, nil if nothing should.
	New []byte
}

// Run analyses the packages that c names. The error says why that could not be
// done at all; what is wrong with the packages is in the result.
func Run(ctx context.Context, c Config) (*Result, error) {
	var found diagnostics
	all, err := list(ctx, c, &found)
	if err != nil {
		return nil, err
	}
	loaded, notes, err := load(ctx, c, all, &found)
	if err != nil {
		return nil, err
	}
	result := &Result{Notes: notes}
	wanted := make(map[string]bool)
	contents := make(map[string][]byte)
	var places []place
	for _, p := range loaded {
		m, wrong := Analyze(p)
		found = append(found, wrong...)
		if m == nil {
			continue
		}
		places = append(places, m.places...)
		result.Notes = append(result.Notes, m.Notes...)
		if len(m.Families)+len(m.Limiters)+len(m.Trackers) == 0 {
			continue
		}
		result.Families += len(m.Families)
		result.Limiters += len(m.Limiters)
		result.Trackers += len(m.Trackers)
		result.Packages++
		wanted[m.Dir] = true
		if hasErrors(found) {
			continue // a model with errors may not even parse
		}
		if contents[m.Dir], err = Emit(m); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(places, func(a, b place) int { return comparePositions(a.at, b.at) })
	overlaps(places, &found)
	shared(places, &found)
	for _, l := range all {
		if !wanted[l.dir] && !l.generated {
			continue // nothing there, or somebody's own file
		}
		path := filepath.Join(l.dir, OutputName)
		result.Files = append(result.Files, File{Path: path, Old: readOutput(path, &found), New: contents[l.dir]})
	}
	result.Diagnostics = found.sorted()
	return result, nil
}

func hasErrors(list []Diagnostic) bool {
	for _, d := range list {
		if !d.Warning {
			return true
		}
	}
	return false
}

// Failed reports whether there are findings other than warnings, so that nothing
// may be written.
func (r *Result) Failed() bool { return hasErrors(r.Diagnostics) }
