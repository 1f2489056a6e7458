package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/typedstate/typedstate/state"
)

//go:embed index.html
var page []byte

// watcher is what the stream needs of a [CartReader].
type watcher interface {
	Watch(ctx context.Context, cartID string) iter.Seq2[state.Event[Cart], error]
}

// handler serves the page of a cart, its events, and what changes it.
type handler struct {
	carts watcher
	rw    state.ReadWriteRemover
}

// newHandler returns a handler that watches carts and changes them in rw.
func newHandler(carts watcher, rw state.ReadWriteRemover) http.Handler {
	h := &handler{carts, rw}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.home)
	mux.HandleFunc("GET /carts/{id}", h.withID(h.page))
	mux.HandleFunc("GET /carts/{id}/events", h.withID(h.events))
	mux.HandleFunc("POST /carts/{id}/items", h.withID(h.add))
	mux.HandleFunc("DELETE /carts/{id}", h.withID(h.remove))
	return http.NewCrossOriginProtection().Handler(mux)
}

// withID hands on the cart's ID, if it is one.
func (h *handler) withID(next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if !validID.MatchString(id) {
			http.Error(w, "the ID of a cart is 1 to 64 letters, digits, - and _", http.StatusBadRequest)
			return
		}
		next(w, r, id)
	}
}

// home sends a visitor to a cart that nobody else knows of.
func (h *handler) home(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/carts/"+rand.Text(), http.StatusSeeOther)
}

func (h *handler) page(w http.ResponseWriter, _ *http.Request, _ string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(page)
}

// add puts an item into the cart. The page hears of it as everybody does, by the
// stream, so there is nothing to answer.
func (h *handler) add(w http.ResponseWriter, r *http.Request, id string) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	count, err := strconv.Atoi(r.PostFormValue("count"))
	item := Item{Name: strings.TrimSpace(r.PostFormValue("name")), Count: count}
	if err != nil || item.check() != nil {
		http.Error(w, errItem.Error(), http.StatusBadRequest)
		return
	}
	_, err = state.Upsert(r.Context(), h.rw, CartKey(id), func(c *Cart) error { return c.add(item) }, state.RefreshTTL())
	h.done(w, r, err)
}

func (h *handler) remove(w http.ResponseWriter, r *http.Request, id string) {
	_, err := state.Remove(r.Context(), h.rw, CartKey(id))
	h.done(w, r, err)
}

// done answers a change. The error of the store says what has happened and holds
// neither the cart's ID nor what is in it, so it can be logged as it is.
func (h *handler) done(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errFull):
		http.Error(w, errFull.Error(), http.StatusConflict)
	case errors.Is(err, state.ErrUnknownOutcome):
		slog.ErrorContext(r.Context(), "the cart may have changed", "error", err)
		http.Error(w, "the answer of Redis was lost; the cart shows whether it has changed", http.StatusBadGateway)
	default:
		slog.ErrorContext(r.Context(), "the cart was not changed", "error", err)
		http.Error(w, "the cart could not be changed", http.StatusServiceUnavailable)
	}
}
