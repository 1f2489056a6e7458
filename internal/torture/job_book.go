package main

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// jobBook is where all notes come together.
type jobBook struct {
	mu     sync.Mutex
	names  []string // of the jobs, in the order in which they were made
	notes  map[string][]jobNote
	latest map[string]*sighting
	gone   map[string]bool // it is not there any more, as far as anybody knows
}

func newJobBook() *jobBook {
	return &jobBook{notes: map[string][]jobNote{}, latest: map[string]*sighting{}, gone: map[string]bool{}}
}

// note keeps a note.
func (b *jobBook) note(n jobNote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n.Seen != nil {
		n.Seen.Since, n.Seen.Until = n.Since, n.Until
		last := b.latest[n.Job]
		if last == nil || n.Seen.At > last.At { // a revision may be lost
			b.latest[n.Job], b.gone[n.Job] = n.Seen, false
		}
	}
	if n.What == noteDelete && n.Fate != idle || n.What == noteStart && n.Text == noJob {
		b.gone[n.Job] = true
	}
	b.notes[n.Job] = append(b.notes[n.Job], n)
}

// begin adds a job to the list.
func (b *jobBook) begin(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names = append(b.names, name)
}

// recentJobs is how many of the last jobs are made to come to an end, and asked for.
const recentJobs = 200

// openJobs returns those that have not ended, as far as anybody knows.
func (b *jobBook) openJobs(all bool) (open []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := b.names
	if !all {
		names = names[max(0, len(names)-recentJobs):]
	}
	for _, name := range names {
		if last := b.latest[name]; !b.gone[name] && (last == nil || !last.State.Final()) {
			open = append(open, name)
		}
	}
	return open
}

// recent returns one of the last jobs, or false if there is none.
func (b *jobBook) recent(r *rand.Rand) (string, *sighting, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.names) == 0 {
		return "", nil, false
	}
	name := b.names[len(b.names)-1-r.IntN(min(len(b.names), recentJobs/2))]
	return name, b.latest[name], true
}

func (b *jobBook) allNames() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.names...)
}

// of returns what was noted of a job.
func (b *jobBook) of(name string) []jobNote {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clip(b.notes[name])
}
