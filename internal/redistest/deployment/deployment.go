// Package deployment has the ways to run Redis that the conformance suites are held against, and
// finds out which commands a user needs for them.
// It is apart from redistest, which programs use that have no embedded server in them.
package deployment

import (
	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/embedded"
)

// Deployment is one way to run Redis that a suite is held against.
type Deployment struct {
	Name string
	// Start starts it until the end of the test. It returns the client that the suite
	// works with, and one that may do everything, to look behind it.
	Start func(tb redistest.TB) (client, admin redis.UniversalClient)
}

// All returns all of them. Where there are users, that of the suite may use what
// rules allow of every key and channel, and nothing else.
func All(rules ...string) []Deployment {
	both := func(c redis.UniversalClient) (_, _ redis.UniversalClient) { return c, c }
	return []Deployment{
		{"embedded", func(tb redistest.TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			srv, err := embedded.Start()
			if err != nil {
				tb.Fatalf("deployment: %v", err)
			}
			tb.Cleanup(func() {
				if err := srv.Close(); err != nil {
					tb.Errorf("deployment: %v", err)
				}
			})
			return both(srv.Client())
		}},
		{"single", func(tb redistest.TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			return both(redistest.Start(tb).Client(tb))
		}},
		{"cluster", func(tb redistest.TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			return both(redistest.StartCluster(tb, 3, 1).Client(tb))
		}},
		{"sentinel", func(tb redistest.TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			return both(redistest.StartSentinel(tb, 2, 3).Client(tb))
		}},
		{"tls and acl", func(tb redistest.TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			user := redistest.WithUser("app", "s3cret", append([]string{"~*", "&*"}, rules...)...)
			srv := redistest.Start(tb, redistest.WithTLS(), user)
			return srv.ClientAs(tb, "app"), srv.Client(tb)
		}},
	}
}
