package jobs_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var (
	operations = flag.Int("ops", 12_000, "how many requests the test of the model makes, about")
	firstSeed  = flag.Uint64("seed", 0, "the first seed of the test of the model")
)

// stepsOfCheck is how many steps rapid takes at a time: so many that a record forgets requests.
const stepsOfCheck = 300

// What the tests leave behind, such as a heartbeat of a run that is finished, fails them. A
// failover client of go-redis keeps its subscription to the sentinels when it is closed.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, n := range map[string]int{"rapid.steps": stepsOfCheck, "rapid.checks": max(1, *operations/stepsOfCheck)} {
		if given[name] {
			continue
		}
		if err := flag.Set(name, fmt.Sprint(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*channel).initMsgChan.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*channel).initHealthCheck.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9.(*sentinelFailover).listen"),
	)
}
