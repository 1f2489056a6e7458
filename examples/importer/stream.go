package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/typedstate/typedstate/state/jobs"
)

const (
	// heartbeat is how often a stream says something, so that a proxy does not take it
	// for dead, and so that a browser that is gone is noticed.
	heartbeat = 15 * time.Second
	// patience is how long a browser may take to accept what was written.
	patience = 10 * time.Second
	// retryStream is after how many milliseconds a browser that lost the stream comes back.
	retryStream = 500
	// failed is the event that says that the import cannot be read. Why is for the log.
	failed = "event: failed\ndata: {}\n\n"
	// gone is the event that says that there is no import any more.
	gone = "event: gone\ndata: {}\n\n"
)

// update is one step of a watch.
type update struct {
	status ImportStatus
	err    error
}

// events streams the status of an import until that has ended or the browser goes.
func (h *handler) events(w http.ResponseWriter, r *http.Request, key ImportJobKey) {
	ctx, cancel := context.WithCancel(r.Context())
	updates := make(chan update)
	go h.follow(ctx, key, updates)
	// Nothing of the request goes on after it.
	defer func() {
		cancel()
		for range updates {
			continue // until the watch has ended
		}
	}()
	// A browser that is answered with an error does not come back, as it would to a stream.
	first, ok := <-updates
	if !ok || ctx.Err() != nil {
		return
	}
	if first.err != nil {
		h.failed(w, r, first.err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	s := stream{w, http.NewResponseController(w)}
	// The connection may serve another request, which has no deadline.
	defer func() { _ = s.control.SetWriteDeadline(time.Time{}) }()
	if s.send(fmt.Sprintf("retry: %d\n\n", retryStream)+text(first)) != nil {
		return
	}
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		next := ": still here\n\n"
		select {
		case u, ok := <-updates:
			if !ok || ctx.Err() != nil {
				return
			}
			if next = text(u); next == failed {
				slog.ErrorContext(ctx, "the import cannot be watched", "error", u.err)
			}
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if s.send(next) != nil {
			return
		}
	}
}

// follow sends each status of an import to updates, and closes it in the end.
func (h *handler) follow(ctx context.Context, key ImportJobKey, updates chan<- update) {
	defer close(updates)
	for status, err := range h.watch(ctx, key) {
		select {
		case updates <- update{status, err}:
		case <-ctx.Done():
			return
		}
	}
}

// stream is a response with server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes text and has it leave at once.
func (s *stream) send(text string) error {
	// A response that knows no deadline waits for the browser without one.
	_ = s.control.SetWriteDeadline(time.Now().Add(patience))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

// text returns an update as an event.
func text(u update) string {
	if errors.Is(u.err, jobs.ErrGone) {
		return gone
	}
	if u.err != nil {
		return failed
	}
	// JSON written so is one line, whatever the texts hold.
	line, err := json.Marshal(shownOf(&u.status))
	if err != nil {
		return failed
	}
	return fmt.Sprintf("id: %d\nevent: status\ndata: %s\n\n", u.status.Revision, line)
}

// shown is what the page is told of an import.
type shown struct {
	State string `json:"state"`
	Final bool   `json:"final"`
	// Rows are those that were read, of Total. Skipped and Imported are some of them.
	Rows     int `json:"rows"`
	Total    int `json:"total"`
	Skipped  int `json:"skipped"`
	Imported int `json:"imported"`
	// Cancelling says that the import was asked to stop and has not yet.
	Cancelling bool `json:"cancelling"`
	// StartsIn is how many milliseconds it takes until the next attempt.
	StartsIn int64 `json:"startsIn"`
	// Message says why the import has failed.
	Message  string         `json:"message"`
	Attempts []shownAttempt `json:"attempts"`
}

// shownAttempt is an attempt that has ended, or the one that is under way.
type shownAttempt struct {
	Number  int    `json:"number"`
	Outcome string `json:"outcome"`
	Message string `json:"message"`
}

func shownOf(s *ImportStatus) shown {
	report, _ := s.Result() // the zero one, if it has none
	v := shown{
		State: s.State.String(), Final: s.State.Final(),
		Rows: s.Progress.Rows, Total: total, Skipped: s.Progress.Skipped, Imported: report.Imported,
		Cancelling: s.CancelRequested && !s.State.Final(),
		Message:    message(s.Failure()),
		Attempts:   []shownAttempt{},
	}
	if s.State == jobs.Pending {
		v.StartsIn = max(0, s.NotBefore.Sub(s.ServerTime).Milliseconds())
	}
	for _, a := range s.History {
		v.Attempts = append(v.Attempts, shownAttempt{a.Number, string(a.Outcome), message(a.Failure)})
	}
	if s.State == jobs.Running {
		v.Attempts = append(v.Attempts, shownAttempt{s.Attempt, s.State.String(), ""})
	}
	return v
}

// message returns what a visitor is told of a failure.
func message(f *jobs.Failure) string {
	if f == nil {
		return ""
	}
	if f.Code == jobs.CodeLost {
		return "Its process was not heard of any more"
	}
	return f.Message
}
