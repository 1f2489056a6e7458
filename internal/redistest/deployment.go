package redistest

import (
	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/state/embedded"
)

// Deployment is one way to run Redis that a conformance suite is held against.
type Deployment struct {
	Name string
	// Start starts it until the end of the test. It returns the client that the suite
	// works with, and one that may do everything, to look behind it.
	Start func(tb TB) (client, admin redis.UniversalClient)
}

// Deployments returns all of them. Where there are users, that of the suite may use what
// rules allow of every key and channel, and nothing else.
func Deployments(rules ...string) []Deployment {
	both := func(c redis.UniversalClient) (_, _ redis.UniversalClient) { return c, c }
	return []Deployment{
		{"embedded", func(tb TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			srv, err := embedded.Start()
			if err != nil {
				tb.Fatalf("redistest: %v", err)
			}
			tb.Cleanup(func() {
				if err := srv.Close(); err != nil {
					tb.Errorf("redistest: %v", err)
				}
			})
			return both(srv.Client())
		}},
		{"single", func(tb TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			return both(Start(tb).Client(tb))
		}},
		{"cluster", func(tb TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			return both(StartCluster(tb, 3, 1).Client(tb))
		}},
		{"sentinel", func(tb TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			return both(StartSentinel(tb, 2, 3).Client(tb))
		}},
		{"tls and acl", func(tb TB) (_, _ redis.UniversalClient) {
			tb.Helper()
			user := WithUser("app", "s3cret", append([]string{"~*", "&*"}, rules...)...)
			srv := Start(tb, WithTLS(), user)
			return srv.ClientAs(tb, "app"), srv.Client(tb)
		}},
	}
}
