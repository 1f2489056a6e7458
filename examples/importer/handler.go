package main

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

//go:embed page
var files embed.FS

var startPage = template.Must(template.ParseFS(files, "page/start.html"))

// handler serves the pages, the status of an import as it changes, and what changes it.
type handler struct {
	tracker *ImportTracker
	runner  *runner
	watch   func(ctx context.Context, key ImportJobKey) iter.Seq2[ImportStatus, error]
}

// newHandler returns a handler of the imports that tracker knows of, which runner does.
func newHandler(tracker *ImportTracker, runner *runner) http.Handler {
	return (&handler{tracker, runner, tracker.Watch}).routes()
}

func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.home)
	mux.HandleFunc("POST /imports", h.create)
	const one = "/imports/{source}/{id}"
	mux.HandleFunc("GET "+one, withKey(h.page))
	mux.HandleFunc("GET "+one+"/events", withKey(h.events))
	mux.HandleFunc("POST "+one+"/cancel", withKey(h.cancel))
	mux.HandleFunc("POST "+one+"/restart", withKey(h.restart))
	for _, name := range []string{"style.css", "import.js"} {
		mux.HandleFunc("GET /"+name, h.file(name))
	}
	return http.NewCrossOriginProtection().Handler(secured(mux))
}

// secured has browsers load nothing but what comes from here.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// withKey hands on the key of an import, if there can be one.
func withKey(next func(http.ResponseWriter, *http.Request, ImportJobKey)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := ImportJobKey{Source: r.PathValue("source"), ImportID: r.PathValue("id")}
		if !valid(key) {
			http.Error(w, errUnknown.Error(), http.StatusNotFound)
			return
		}
		next(w, r, key)
	}
}

// file serves one of the files as it is.
func (h *handler) file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, pages(), name)
	}
}

// pages returns the folder of the pages.
func pages() fs.FS {
	sub, err := fs.Sub(files, "page")
	if err != nil {
		panic(err) // there is such a folder, or it would not compile
	}
	return sub
}

// home serves the form that starts an import. It holds the ID of that already, so that an
// impatient visitor who presses the button twice starts one.
func (h *handler) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := startPage.Execute(w, rand.Text()); err != nil {
		slog.ErrorContext(r.Context(), "the page was not sent", "error", err)
	}
}

// create creates an import and shows it.
func (h *handler) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	key := ImportJobKey{Source: r.PostFormValue("source"), ImportID: r.PostFormValue("id")}
	if !valid(key) {
		http.Error(w, "an import has a source and an ID of 1 to 64 letters, digits, - and _", http.StatusBadRequest)
		return
	}
	_, created, err := h.tracker.Create(r.Context(), key)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	if created {
		h.runner.begin(key)
	}
	http.Redirect(w, r, "/imports/"+key.Source+"/"+key.ImportID, http.StatusSeeOther)
}

// page serves the page of an import, which asks for its events.
func (h *handler) page(w http.ResponseWriter, r *http.Request, key ImportJobKey) {
	if _, err := h.tracker.Get(r.Context(), key); err != nil {
		h.failed(w, r, err)
		return
	}
	h.file("import.html")(w, r)
}

// cancel has an import end. Its page hears of that as everybody does, by the stream.
func (h *handler) cancel(w http.ResponseWriter, r *http.Request, key ImportJobKey) {
	if _, err := h.tracker.Cancel(r.Context(), key, "somebody has pressed the button"); err != nil {
		h.failed(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// restart begins an import anew that has failed or was cancelled, with the row after the
// last.
func (h *handler) restart(w http.ResponseWriter, r *http.Request, key ImportJobKey) {
	if _, err := h.tracker.Restart(r.Context(), key); err != nil {
		h.failed(w, r, err)
		return
	}
	h.runner.begin(key)
	w.WriteHeader(http.StatusNoContent)
}

var (
	errUnknown  = errors.New("there is no such import, or not any more")
	errEnded    = errors.New("the import has ended")
	errNotEnded = errors.New("the import has not ended")
)

// failed answers what could not be done. The error of the tracker holds no part of a key,
// so it can be logged as it is.
func (h *handler) failed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, state.ErrNotFound):
		http.Error(w, errUnknown.Error(), http.StatusNotFound)
	case errors.Is(err, jobs.ErrFinished):
		http.Error(w, errEnded.Error(), http.StatusConflict)
	case errors.Is(err, jobs.ErrNotFinished):
		http.Error(w, errNotEnded.Error(), http.StatusConflict)
	default:
		slog.ErrorContext(r.Context(), "the request failed", "error", err)
		http.Error(w, "the server cannot reach its Redis", http.StatusServiceUnavailable)
	}
}
