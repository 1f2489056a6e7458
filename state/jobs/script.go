package jobs

import (
	_ "embed"

	"github.com/typedstate/typedstate/internal/exec"
)

var (
	//go:embed job.lua
	jobSource string
	//go:embed bucket.lua
	bucketSource string

	jobScript    = exec.NewScript(jobSource)
	bucketScript = exec.NewScript(bucketSource)
)

// What job.lua does.
const (
	opCreate  = "create"
	opStart   = "start"
	opBeat    = "beat"
	opEnd     = "end"
	opCancel  = "cancel"
	opRestart = "restart"
	opDelete  = "delete"
	opReap    = "reap"
	opGet     = "get"
)

// How job.lua ends an attempt.
const (
	endSucceeded = "succeeded"
	endFailed    = "failed"
	endRetry     = "retry"
	endCancelled = "cancelled"
	endReleased  = "released"
)

// code is what job.lua replies.
type code int64

const (
	done code = iota
	existing
	rejected
	finished
	stale
	busy
	notYet
	missing
	notFinished
	noJob
)
