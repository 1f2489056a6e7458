package ratelimit_test

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests leave behind, such as a renewal of a permit that is gone, fails them.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
