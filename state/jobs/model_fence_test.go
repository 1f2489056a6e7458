package jobs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// only has a condition of job.lua not hold for one op.
func only(old, op string) change {
	return change{old + " then", fmt.Sprintf("%s and op ~= '%s' then", old, op)}
}

// forgets has a job that is deleted forget a field.
func forgets(field string) change {
	const kept = "redis.call('HSET', job, unpack(set))\n"
	return change{kept, kept + "redis.call('HDEL', job, '" + field + "')\n"}
}

const (
	usedBefore    = "elseif string.find(used, id, 1, true)"
	refusedBefore = "elseif before"
)

// fences are the conditions of job.lua, each with what is there without it.
var fences = map[string]change{
	"a heartbeat has the token":              {"if old[1] ~= '2' or old[2] ~= id then", "if old[1] ~= '2' then"},
	"a heartbeat is later than the last":     {"if ARGV[9] + 0 > old[4] + 0 then", "if true then"},
	"a heartbeat tells of a wish to cancel":  {"return {0, old[5] == '1' and 1 or 0}", "return {0, 0}"},
	"a heartbeat moves the job in the index": {"redis.call('ZADD', index, text(2 * 4398046511104 + ends), name)", ""},
	"a heartbeat has the record live":        {"redis.pcall('PEXPIREAT', job, text(ends + idle))", "1"},

	"an end has the token":                   {"if state == 2 and token == id then", "if state == 2 then"},
	"an end is of a job that runs":           {"if state == 2 and token == id then", "if state > 0 and (state > 2 or token == id) then"},
	"an end has later progress":              {"if ARGV[15] and ARGV[14] + 0 > number then", "if ARGV[15] then"},
	"an end that was told is known":          {"if before and string.find(before, '^'", "if false and string.find(before, '^'"},
	"an end that was told is of that epoch":  {"';' .. ARGV[13] .. ';%d+;%d+;'", "';%d+;%d+;%d+;'"},
	"an end that was told is the same":       {"';%d+;%d+;' .. kept .. ';'", "';%d+;%d+;'"},
	"an end comes before its start":          {"elseif old[1] and op ~= 'get'", "elseif old[1] and op ~= 'end' and op ~= 'get'"},
	"an end heeds a wish to cancel":          {"elseif outcome == 'cancelled' or cancel and outcome ~= 'failed' then", "elseif outcome == 'cancelled' then"},
	"an attempt that fails counts":           {"if outcome == 'failed' or outcome == 'retry' then\n\t\t\tfailed = failed + 1", "if false then"},
	"attempts are used up":                   {"elseif outcome == 'retry' and failed < most then", "elseif outcome == 'retry' then"},
	"an attempt that has ended has no token": {"put('t', '')", ""},
	"an attempt that has ended has no lease": {"put('l', '0')", ""},

	"a start is known":                         only(usedBefore, "start"),
	"a create is known":                        only(usedBefore, "create"),
	"a cancel is known":                        only(usedBefore, "cancel"),
	"a restart is known":                       only(usedBefore, "restart"),
	"a delete is known":                        only(usedBefore, "delete"),
	"a reap is known":                          only(usedBefore, "reap"),
	"a start that was refused is known":        only(refusedBefore, "start"),
	"a create that had no effect is known":     only(refusedBefore, "create"),
	"a cancel that was refused is known":       only(refusedBefore, "cancel"),
	"a restart that was refused is known":      only(refusedBefore, "restart"),
	"a delete that was refused is known":       only(refusedBefore, "delete"),
	"64 requests are known":                    {"-64 * (#id + 1)", "-8 * (#id + 1)"},
	"16 requests that were refused are known":  {"-16 * (#id + 3)", "-3 * (#id + 3)"},
	"a refusal says for how long":              {"if code == 5 then\n\t\twait = math.max(until_ - now, 0)", "if code == 5 then\n\t\twait = 0"},
	"a job that was deleted knows requests":    forgets("i"),
	"a job that was deleted knows refusals":    forgets("j"),
	"a job that was deleted has its epoch":     forgets("e"),
	"a job that was deleted has its revision":  forgets("v"),
	"a job that was deleted is known for long": {"text(ms + 600000)", "text(ms + 60000)"},
	"a job that was deleted is in no index":    {"redis.call('PEXPIREAT', job, text(ms + 600000))\n\t\tredis.call('ZREM', index, name)", "redis.call('PEXPIREAT', job, text(ms + 600000))"},

	"a start waits for the lease":         {"if state == 2 and until_ > now then\n\t\tcode, wait = 5, until_ - now\n\telseif state >= 3 then", "if state >= 3 then"},
	"a start waits for its time":          {"elseif state == 1 and (tonumber(old[13]) or 0) > now then", "elseif false then"},
	"a start is of a job that can":        {"elseif state >= 3 then\n\t\tcode = 3\n\telseif state == 1", "elseif state == 1"},
	"a start counts the attempt lost":     {"failed = failed + 1\n\tclose('lost', failure)", "close('lost', failure)"},
	"a start has a larger epoch":          {"math.max(epoch + 1, now), now + lease", "now, now + lease"},
	"a start has an epoch that is a time": {"math.max(epoch + 1, now), now + lease", "epoch + 1, now + lease"},
	"a start begins its heartbeats anew":  {"put('q', '0')", ""},
	"a lost attempt heeds a wish":         {"if cancel then\n\t\tto = 5\n\telseif failed >= most then", "if failed >= most then"},
	"lost attempts are used up":           {"elseif failed >= most then\n\t\tto = 4", "elseif false then\n\t\tto = 4"},
	"a create is of a job that is not":    {"if state == 0 then\n\t\tto = 1", "if true then\n\t\tto = 1"},
	"a create restarts what has failed":   {"elseif ARGV[9] == 'restart' and state >= 4 then", "elseif ARGV[9] == 'restart' and state >= 3 then"},
	"a cancel is of a job that goes on":   {"if state == 3 or state == 4 then", "if false then"},
	"a cancel ends only what is pending":  {"elseif state == 1 then\n\t\tto = 5", "elseif state ~= 5 then\n\t\tto = 5"},
	"a cancel ends what is lost":          {"elseif state == 2 and until_ <= now then\n\t\tcancel = true", "elseif false then\n\t\tcancel = true"},
	"a cancel asks once":                  {"elseif state == 2 and not cancel then\n\t\tto = 2", "elseif state == 2 then\n\t\tto = 2"},
	"a cancel has the first reason":       {"if state == 1 or state == 2 and not cancel then", "if true then"},
	"a restart is of what has failed":     {"if state >= 4 then\n\t\trestart()", "if state >= 3 then\n\t\trestart()"},
	"a restart forgets the wish":          {"put('x', '')", ""},
	"a restart forgets the failure":       {"put('f', '')", ""},
	"a delete waits for the lease":        {"if state == 2 and until_ > now then\n\t\tcode, wait = 5, until_ - now\n\telse\n\t\tto = 0", "if false then\n\telse\n\t\tto = 0"},
	"a reap waits for the lease":          {"if state == 2 and until_ <= now then\n\t\tlose()", "if state == 2 then\n\t\tlose()"},
	"a reap is of a job that runs":        {"if state == 2 and until_ <= now then\n\t\tlose()", "if until_ <= now then\n\t\tlose()"},

	"a record lives from its end on":    {"expires = ms + ARGV[3 + to]", "expires = ms + ARGV[6]"},
	"a record lives after its lease":    {"expires, stale = score + idle, ms - idle", "expires, stale = ms + idle, ms - idle"},
	"a record has a TTL":                {"redis.call('PEXPIREAT', job, text(expires))", ""},
	"an index has a TTL":                {"redis.call('PEXPIREAT', index, text(expires + 3600000))", ""},
	"an index has each job":             {"redis.call('ZADD', index, text(to * 4398046511104 + score), name)", ""},
	"what has expired leaves the index": {"text(to * 4398046511104 + stale), 'LIMIT'", "text(to * 4398046511104 + stale + 180000000), 'LIMIT'"},
	"a change has a larger revision":    {"revision = revision + 1", ""},
}

// trial is a test that may fail.
type trial struct{ failure string }

func (*trial) Logf(string, ...any) {}

func (t *trial) Errorf(format string, args ...any) { t.failure = fmt.Sprintf(format, args...) }

func (t *trial) FailNow() { panic(t) }

// fails makes random calls with that seed, and says whether the model notices something.
func (t *trial) fails(l *lab, seed uint64, steps int) (failed bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if r := recover(); r != nil && r != any(t) {
			panic(r)
		}
		failed = t.failure != ""
	}()
	m := newMachine(ctx, t, rand.New(rand.NewPCG(seed, 0)), l)
	for range steps {
		m.step()
	}
	return false
}

// TestTheModelNoticesEachFenceThatIsMissing leaves out one condition of the script after
// the other.
func TestTheModelNoticesEachFenceThatIsMissing(t *testing.T) {
	t.Parallel()
	l := newRealLab(t)
	l.patience = time.Second
	for name, c := range fences {
		l.change(t, c)
		failure, begun := "", time.Now()
		for seed := *firstSeed; failure == "" && seed < *firstSeed+60; seed++ {
			try := &trial{}
			if try.fails(l, seed, 600) {
				failure = try.failure
				t.Logf("%s: noticed with seed %d in %v", name, seed, time.Since(begun))
			}
		}
		assert.NotEmpty(t, failure, "nobody notices that it is missing that %s", name)
		assert.NotContains(t, failure, "user_script", "%s: the script is broken", name)
	}
	l.change(t)
	require.False(t, new(trial).fails(l, *firstSeed, 300), "with all of them there is nothing to notice")
}
