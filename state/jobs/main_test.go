package jobs_test

import (
	"testing"

	"go.uber.org/goleak"
)

// What the tests leave behind, such as a renewal of a permit that is gone, fails
// them. A failover client of go-redis keeps its subscription to the sentinels when it is
// closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*channel).initMsgChan.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*channel).initHealthCheck.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*sentinelFailover).listen"),
	)
}
