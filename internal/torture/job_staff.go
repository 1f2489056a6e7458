package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// processesWanted is how many other processes work on jobs.
func (t *tracking) processesWanted() int {
	if t.brief {
		return 1
	}
	return jobProcesses
}

// hire starts a process of workers.
func (t *tracking) hire() error {
	order := t.order
	order.Worker = int(t.id())
	p, err := startJobProcess(t.tb, order, t.book.note)
	if err == nil {
		err = p.begun()
	}
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.processes = append(t.processes, p)
	return nil
}

// accidents has processes of workers stand still for longer than their leases, and kills
// some.
func (t *tracking) accidents(ctx context.Context, r *rand.Rand) {
	for i := 0; ; i++ {
		if !pause(ctx, time.Duration(r.Int64N(int64(t.order.Lease)))) && i > 1 {
			return
		}
		t.mu.Lock()
		p := t.processes[r.IntN(len(t.processes))]
		t.mu.Unlock()
		if i%3 != 1 {
			t.freeze(p, r)
			continue
		}
		t.mu.Lock()
		for at, other := range t.processes {
			if other == p {
				t.processes = append(t.processes[:at], t.processes[at+1:]...)
				break
			}
		}
		t.mu.Unlock()
		p.kill()
		t.killed.Add(1)
		if err := t.hire(); err != nil {
			t.out.fail("start a worker: %v", err)
			return
		}
	}
}

// freeze has a process stand still.
func (t *tracking) freeze(p *jobProcess, r *rand.Rand) {
	thaw, err := p.freeze()
	if err != nil {
		t.odd.add("to stop a worker", err)
		return
	}
	time.Sleep(t.order.Lease + time.Duration(r.Int64N(int64(t.order.Lease))))
	if err := thaw(); err != nil {
		t.odd.add("to continue a worker", err)
		return
	}
	t.stopped.Add(1)
}

// dismiss has the processes come to their end.
func (t *tracking) dismiss() {
	for _, p := range t.processes {
		sum, err := p.stop()
		if err != nil {
			t.out.fail("end a worker: %v", err)
			continue
		}
		t.sum.add(sum)
	}
}

// drain lets all jobs come to their end: no worker fails any more, and what was lost is
// given to others.
func (t *tracking) drain() {
	t.side.calm.Store(true)
	for _, p := range t.processes {
		if err := p.tell(jobDelivery{Calm: true}); err != nil {
			t.out.fail("calm a worker: %v", err)
		}
	}
	// What has ended is looked at again a little later, as a request may have come again just
	// before.
	for until, ended := time.Now().Add(t.bench.drain), 0; ended < 2 && time.Now().Before(until); {
		ctx, cancel := patient()
		t.side.reap(ctx)
		t.unfinished, t.lost = t.look(ctx)
		cancel()
		if ended++; t.unfinished > 0 {
			ended = 0
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// look notes what has become of all jobs, and returns how many have not ended, and how many
// are lost.
func (t *tracking) look(ctx context.Context) (unfinished, lost int64) {
	const atOnce = 200
	names := t.book.allNames()
	for len(names) > 0 {
		some := names[:min(atOnce, len(names))]
		names = names[len(some):]
		since := stamp()
		all, err := t.side.hearing.GetMany(ctx, some...)
		if err != nil || len(all) != len(some) {
			t.odd.add("to look at all jobs", err)
			return int64(len(names) + len(some)), lost
		}
		for i := range all {
			t.side.called(jobNote{Job: some[i], What: noteSight, Since: since}, &all[i], nil)
			switch {
			case all[i].State == 0 && t.mayBeGone(some[i]):
			case all[i].State == 0 && t.doubts.touched(t.book.of(some[i])):
				lost++
			case !all[i].State.Final():
				unfinished++
			}
		}
	}
	return unfinished, lost
}

// mayBeGone reports whether a job need not be there: somebody has deleted it, or it was
// cancelled and has expired.
func (t *tracking) mayBeGone(name string) bool {
	for _, n := range t.book.of(name) {
		switch {
		case n.What == noteDelete && n.Fate != idle:
			return true
		case n.What == noteCancel && n.Fate != idle && stamp()-n.Since >= jobBrief.Microseconds():
			return true
		}
	}
	return false
}
