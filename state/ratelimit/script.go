package ratelimit

import (
	_ "embed"

	"github.com/typedstate/typedstate/internal/exec"
)

var (
	//go:embed subject.lua
	subjectSource string
	//go:embed take.lua
	takeSource string
	//go:embed refund.lua
	refundSource string
	//go:embed reset.lua
	resetSource string

	takeScript   = exec.NewScript(subjectSource + takeSource)
	refundScript = exec.NewScript(subjectSource + refundSource)
	resetScript  = exec.NewScript(subjectSource + resetSource)
)

// The modes of take.lua.
const (
	takeAll  = "all"
	takeSome = "some"
	takeNone = "peek"
)
