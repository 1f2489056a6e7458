package deployment

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

// Rules returns the rules in a file for a deployment: the rest of the line that its name
// begins.
func Rules(tb redistest.TB, file, name string) []string {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatalf("deployment: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if rules, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.Fields(rules)
		}
	}
	tb.Fatalf("%s has no line for %s", file, name)
	return nil
}

// UsedCommands returns a rule for each command that the servers have executed in the course
// of run.
func UsedCommands(tb redistest.TB, admins []*redis.Client, run func()) []string {
	tb.Helper()
	ctx := context.Background()
	for _, admin := range admins {
		if err := admin.ConfigResetStat(ctx).Err(); err != nil {
			tb.Fatalf("deployment: %v", err)
		}
	}
	run()
	used := map[string]bool{}
	for _, admin := range admins {
		text, err := admin.Info(ctx, "commandstats").Result()
		if err != nil {
			tb.Fatalf("deployment: %v", err)
		}
		for line := range strings.Lines(text) {
			if name, ok := strings.CutPrefix(line, "cmdstat_"); ok {
				name, _, _ = strings.Cut(name, ":")
				used["+"+name] = true
			}
		}
	}
	delete(used, "+config|resetstat")
	return slices.Sorted(maps.Keys(used))
}

// NeededCommands returns the rules of a user who may do what everything does, and nothing
// else, on a single server and on a Cluster. They include those of scripts and of the
// handshake of go-redis. Others are what a run may or may not come by.
func NeededCommands(tb redistest.TB, everything func(redis.UniversalClient), others ...string) (single, cluster []string) {
	tb.Helper()
	srv := redistest.Start(tb, redistest.WithUser("app", "s3cret", "~*", "&*", "+@all"))
	single = UsedCommands(tb, []*redis.Client{srv.Client(tb)}, func() {
		o := srv.OptionsFor("app")
		o.DisableIdentity, o.MaintNotificationsConfig = false, nil
		client := redis.NewClient(o)
		tb.Cleanup(func() { _ = client.Close() })
		everything(client)
	})
	nodes := redistest.StartCluster(tb, 3, 0)
	var admins []*redis.Client
	for _, node := range nodes.Nodes() {
		admins = append(admins, node.Client(tb))
	}
	cluster = UsedCommands(tb, admins, func() { everything(nodes.Client(tb)) })
	single = union(single, others)
	return single, union(cluster, append(single, "+asking", "+cluster|slots", "+command"))
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
