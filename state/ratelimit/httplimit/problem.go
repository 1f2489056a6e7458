package httplimit

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// quotaExceeded is the problem type of the draft.
const quotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded"

// problem is a problem document (RFC 9457). It has no type where the status says all.
type problem struct {
	Type     string   `json:"type,omitempty"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Violated []string `json:"violated-policies,omitempty"` //nolint:tagliatelle // the draft's name
}

// send answers r with p. A HEAD request is answered with the fields alone.
func (p problem) send(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // it is made of strings and an int
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
