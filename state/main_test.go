package state_test

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests leave behind, such as a call that was given up and never ended,
// fails them.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
