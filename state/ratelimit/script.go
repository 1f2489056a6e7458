package ratelimit

import (
	_ "embed"

	"github.com/typedstate/typedstate/internal/exec"
)

var (
	//go:embed take.lua
	takeSource string
	//go:embed refund.lua
	refundSource string
	//go:embed reset.lua
	resetSource string

	takeScript   = exec.NewScript(takeSource)
	refundScript = exec.NewScript(refundSource)
	resetScript  = exec.NewScript(resetSource)
)

// The modes of take.lua.
const (
	takeAll  = "all"
	takeSome = "some"
	takeNone = "peek"
)
