package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/typedstate/typedstate/state"
)

const (
	// heartbeat is how often a stream says something, so that a proxy does not take it
	// for dead, and so that a browser that is gone is noticed.
	heartbeat = 15 * time.Second
	// patience is how long a browser may take to accept what was written.
	patience = 10 * time.Second
	// retry is after how many milliseconds a browser that lost the stream comes back.
	retry = 500
	// failed is the event that says that a cart cannot be read. Why is for the log.
	failed = "event: failed\ndata: {}\n\n"
)

// update is one step of a watch.
type update struct {
	event state.Event[Cart]
	err   error
}

// shown is what the page is told of a cart.
type shown struct {
	Found bool   `json:"found"`
	Items []Item `json:"items"`
	// ExpiresIn is in milliseconds, 0 if the cart is not there or never expires.
	ExpiresIn int64 `json:"expiresIn"`
	// Missed says that the cart has changed while the page's stream was interrupted,
	// or may have while ours was.
	Missed bool `json:"missed"`
	// Skipped is how many states were left out, as they came too fast.
	Skipped int `json:"skipped"`
}

// events streams the states of a cart until the browser goes.
func (h *handler) events(w http.ResponseWriter, r *http.Request, id string) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	s := stream{w: w, control: http.NewResponseController(w), last: r.Header.Get("Last-Event-ID")}
	// The connection may serve another request, which has no deadline.
	defer func() { _ = s.control.SetWriteDeadline(time.Time{}) }()
	if s.send(fmt.Sprintf("retry: %d\n\n", retry)) != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	updates := make(chan update)
	go h.watch(ctx, id, updates)
	// Nothing of the request goes on after it.
	defer func() {
		cancel()
		for range updates {
			continue // until the watch has ended
		}
	}()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		var text string
		select {
		case u, ok := <-updates:
			if !ok {
				return
			}
			if ctx.Err() != nil {
				return
			}
			if text = s.text(u); u.err != nil {
				slog.ErrorContext(ctx, "the cart cannot be watched", "error", u.err)
			}
		case <-tick.C:
			text = ": still here\n\n"
		case <-ctx.Done():
			return
		}
		if s.send(text) != nil {
			return
		}
	}
}

// watch sends the states of a cart to updates, and closes it in the end.
func (h *handler) watch(ctx context.Context, id string, updates chan<- update) {
	defer close(updates)
	for event, err := range h.carts.Watch(ctx, id) {
		select {
		case updates <- update{event, err}:
		case <-ctx.Done():
			return
		}
	}
}

// stream is a response with server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	// last is the event that the browser has seen last on the stream before, until
	// the first one on this stream.
	last string
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
func (s *stream) text(u update) string {
	if u.err != nil {
		return failed
	}
	e := &u.event
	token := e.Token.String()
	data := shown{
		Found: e.Found, Items: e.Value.Items,
		Missed:  e.Gap || s.last != "" && s.last != token,
		Skipped: e.Skipped,
	}
	if e.Found && e.TTL > 0 {
		data.ExpiresIn = e.TTL.Milliseconds()
	}
	s.last = ""
	// JSON written so is one line, whatever the names hold.
	line, err := json.Marshal(data)
	if err != nil {
		return failed
	}
	return fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", token, e.Kind, line)
}
