package httplimit_test

import (
	"testing"

	"go.uber.org/goleak"
)

// What a request leaves behind fails the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
