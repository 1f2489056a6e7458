package main

import (
	"fmt"

	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/internal/table"
)

// line is one figure of quick: how this SDK compares with a peer in a group, or,
// without a peer, how many allocations an operation of the group takes.
type line struct {
	name, group, peer string
	target            float64
}

// lines are the figures of quick, in their order. To add one, add a line; its
// group is in groups.go.
var lines = []line{
	ratio("get_json_c64", "goredis_stdjson", 3.5),
	ratio("set_json_c64", "goredis_stdjson", 2.5),
	ratio("get_json_c64", "rueidis_stdjson", 2.5),
	ratio("get_msgpack_c64", "rueidis_msgp", 1.3),
	ratio("get_json_c256", "goredis_stdjson", 4),
	ratio("get_json_c1", "goredis_stdjson", 0.97),
	ratio("set_json_c1", "goredis_stdjson", 0.97),
	ratio("watch_c1", "publish", 0.333),
	ratio("set_watched_c1", "unwatched", 0.7),
	ratio("limit_c1", "redis_rate", 0.95),
	ratio("limit_c64", "redis_rate", 1.5),
	ratio("limit2_c64", "redis_rate_twice", 2.5),
	ratio("job_life_c1", "hash", none),
	ratio("job_life_c1", "asynq", none),
	ratio("job_life_c64", "hash", none),
	ratio("job_life_c64", "asynq", none),
	ratio("enc_json", "stdjson", 4),
	ratio("dec_json", "stdjson", 5),
	ratio("dec_json", "goccy", 1.2),
	ratio("enc_msgpack", "msgp", 1.2),
	ratio("dec_msgpack", "msgp", 1.2),
	ratio("key", "concat", 0.9),
	ratio("getmany1000", "mget_stdjson", 3),
	ratio("gen1000", "msgp", 5),
	allocs("decode_json_allocs", "dec_json", 6),
	allocs("get_json_allocs", "get_json_c1", 10),
	allocs("set_json_allocs", "set_json_c1", 8),
}

// none is the target of what is compared to know it: the peers of a job's life do less.
const none = 0

func ratio(group, peer string, target float64) line {
	return line{group + "_vs_" + peer, group, peer, target}
}

func allocs(name, group string, target float64) line { return line{name, group, "", target} }

// figure returns the line's figure in the result of its group, and whether it is
// as good as the target.
func (l line) figure(r suite.Result) (text string, good bool, err error) {
	if l.peer == "" {
		row, ok := r.Row(suite.Ours)
		if !ok {
			return "", false, fmt.Errorf("%s: %s has not run", l.name, suite.Ours)
		}
		return fmt.Sprintf("%.1f", row.Allocs), row.Allocs < l.target+0.05, nil
	}
	ratio, ok := r.Ratio(l.peer)
	if !ok {
		return "", false, fmt.Errorf("%s: %s has not run", l.name, l.peer)
	}
	return table.Significant(ratio.Median, 3), ratio.Median >= l.target, nil
}
