package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"nonsense"}, exitUsage},
		{[]string{"quick", "rest"}, exitUsage},
		{[]string{"-nonsense"}, exitUsage},
		{[]string{"-only", "("}, exitUsage},
		{[]string{"-help"}, exitOK},
		{[]string{"quick", "-help"}, exitOK},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), c.args, &out, &errs); code != c.code {
			t.Errorf("%v: exit code %d, want %d", c.args, code, c.code)
		}
		if !strings.Contains(errs.String(), "usage: ") || out.Len() > 0 {
			t.Errorf("%v prints %q and %q", c.args, out.String(), errs.String())
		}
	}
}

// Whoever reads the output of quick goes by these names.
func TestNames(t *testing.T) {
	var names []string
	for _, l := range lines {
		names = append(names, l.name)
		if l.target <= 0 && !strings.HasPrefix(l.name, "job_life_") {
			t.Errorf("%s has no target", l.name)
		}
	}
	for _, want := range []string{
		"get_json_c64_vs_goredis_stdjson", "set_json_c64_vs_goredis_stdjson", "get_json_c64_vs_rueidis_stdjson",
		"get_msgpack_c64_vs_rueidis_msgp", "get_json_c256_vs_goredis_stdjson", "get_json_c1_vs_goredis_stdjson",
		"set_json_c1_vs_goredis_stdjson", "enc_json_vs_stdjson", "dec_json_vs_stdjson", "dec_json_vs_goccy",
		"enc_msgpack_vs_msgp", "dec_msgpack_vs_msgp", "key_vs_concat", "getmany1000_vs_mget_stdjson", "gen1000_vs_msgp",
		"decode_json_allocs", "get_json_allocs", "set_json_allocs", "watch_c1_vs_publish", "set_watched_c1_vs_unwatched",
		"job_life_c1_vs_hash", "job_life_c1_vs_asynq", "job_life_c64_vs_hash", "job_life_c64_vs_asynq",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s", want)
		}
	}
}

// result has ours take 2 ns and 6 allocations, and a peer twice the time.
func result() suite.Result {
	ours := block.Block{Ops: 1, Elapsed: 2, Mallocs: 6, Bytes: 100}
	theirs := block.Block{Ops: 1, Elapsed: 4, Mallocs: 1, P50: time.Millisecond, P99: 2 * time.Millisecond}
	return suite.Result{
		Group:  suite.Group{Name: "group", Sides: []suite.Side{{Name: suite.Ours}, {Name: "peer"}}},
		Blocks: [][]block.Block{{ours, ours}, {theirs, theirs}},
	}
}

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		line line
		text string
		good bool
	}{
		{ratio("group", "peer", 2), "2.00", true},
		{ratio("group", "peer", 2.01), "2.00", false},
		{allocs("x", "group", 6), "6.0", true},
		{allocs("x", "group", 5), "6.0", false},
	} {
		text, good, err := c.line.figure(result())
		if err != nil || text != c.text || good != c.good {
			t.Errorf("%+v: %s, %t, %v", c.line, text, good, err)
		}
	}
	if _, _, err := ratio("group", "another", 1).figure(result()); err == nil {
		t.Error("a peer that has not run has a figure")
	}
}

func TestRows(t *testing.T) {
	table := rows(result())
	var out bytes.Buffer
	if err := table.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := []string{"peer", "4.000", "1.0", "0", "1.00 ms", "2.00 ms", "2.00", "2.00…2.00"}
	if got := table.Rows[1]; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := table.Rows[0]; got[6] != "-" {
		t.Errorf("ours is compared with itself: %q", got)
	}
}

func TestASectionLeavesTheOthersAsTheyAre(t *testing.T) {
	first := withSection("", "", "# All\n\none\n")
	both := withSection(first, "More", "two\n")
	if want := "# All\n\none\n\n## More\n\ntwo\n"; both != want {
		t.Errorf("got %q, want %q", both, want)
	}
	three := withSection(both, "Most", "three\n")
	for _, c := range []struct{ got, want string }{
		{withSection(three, "", "# All\n\nnew\n"), "# All\n\nnew\n\n## More\n\ntwo\n\n## Most\n\nthree\n"},
		{withSection(three, "More", "new\n"), "# All\n\none\n\n## More\n\nnew\n\n## Most\n\nthree\n"},
		{withSection(three, "Most", "new\n"), "# All\n\none\n\n## More\n\ntwo\n\n## Most\n\nnew\n"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
