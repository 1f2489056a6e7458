package redistest

import (
	"os"
	"os/exec"
)

const (
	binary      = "redis-server"
	requireVar  = "STATE_REQUIRE_REDIS"
	installHint = "install it with: apt-get install redis-server"
)

// Require skips the test when there is no redis-server in PATH, and says how
// to install it. Where STATE_REQUIRE_REDIS=1 is set the test fails instead.
func Require(tb TB) {
	tb.Helper()
	_, err := exec.LookPath(binary)
	if err == nil {
		return
	}
	if os.Getenv(requireVar) == "1" {
		tb.Fatalf("%s=1 and no redis-server (%v); %s", requireVar, err, installHint)
	}
	tb.Skipf("needs a redis-server (%v); %s", err, installHint)
}
