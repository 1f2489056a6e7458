package jobs

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Failure is why a job or an attempt has failed, as it is stored: what a worker has
// returned, or given to [Run.Fail].
type Failure struct { //nolint:errname // it is what is stored, and an error by the way
	// Code is for programs: [CodeLost], [CodePanic], or what the worker has put there.
	Code string `json:"code,omitempty"`
	// Message is the text of the worker's error, cut at 4 KiB. It is for people who may see
	// what the job is about.
	Message string `json:"message,omitempty"`
}

// The codes of failures that no worker has named.
const (
	// CodeLost is that of an attempt whose lease has ended.
	CodeLost = "lease_lost"
	// CodePanic is that of an attempt whose function in [Tracker.Do] has panicked, or has ended
	// its goroutine.
	CodePanic = "panic"
)

// Error says that the job has failed. It holds neither Code nor Message, as errors are logged
// where those who may not see what is stored can read them.
func (f *Failure) Error() string {
	if f == nil { // package fmt asks what is printed in a struct
		return "<nil>"
	}
	return "jobs: the job has failed"
}

// Permanent returns err as one that no further attempt helps: the job fails for good. It
// returns nil for nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &verdictError{err: err, permanent: true}
}

// RetryIn returns err as one after which the next attempt may start in d, and not after
// what the family's options say. It is at most 366 days. It returns nil for nil.
func RetryIn(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &verdictError{err: err, delayed: true, delay: d}
}

// verdictError is an error with what becomes of the job.
type verdictError struct {
	err                error
	permanent, delayed bool
	delay              time.Duration
}

func (e *verdictError) Error() string { return e.err.Error() }
func (e *verdictError) Unwrap() error { return e.err }

func isPermanent(err error) bool {
	v, ok := errors.AsType[*verdictError](err)
	return ok && v.permanent
}

// Format has fmt print what the error itself is printed as.
func (e *verdictError) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), e.err)
}

// Where the text of an error is cut, and a code.
const (
	maxMessageBytes = 4 << 10
	maxCodeBytes    = 256
)

// failureOf returns what is stored of an error.
func failureOf(err error) *Failure {
	f, ok := errors.AsType[*Failure](err)
	switch {
	case !ok:
		f = &Failure{Message: err.Error()}
	case f == nil: // what Failure returns of a job that has not failed
		return new(Failure)
	}
	return &Failure{Code: cut(f.Code, maxCodeBytes), Message: cut(f.Message, maxMessageBytes)}
}

// cut returns the first n bytes of a text, and less where those would end within a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
