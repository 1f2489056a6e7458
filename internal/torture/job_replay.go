package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	replayPace = 5 * time.Millisecond
	// replayKept is how many requests are kept to be sent again.
	replayKept = 2000
	// replayAge is how old a request gets at most: a record knows the latest 64 ids, and a
	// cancelled job is gone after a while.
	replayAge = 4 * time.Second
)

// replayer is a hook that keeps the requests of a tracker that were answered, and sends them
// again later. None of them may change anything then.
type replayer struct {
	direct redis.UniversalClient // not by way of the proxies

	mu      sync.Mutex
	seen    []request
	scripts map[string]string // by their digests
	deleted map[string]bool   // jobs that were deleted, of which something stays
}

// request is one that was answered. What it did, it did between those times.
type request struct {
	script       string // its digest
	args         []any  // from the number of keys on
	since, until int64
	// unknown says that nothing was there that could have remembered it.
	unknown bool
}

func newReplayer(direct redis.UniversalClient) *replayer {
	return &replayer{direct: direct, scripts: map[string]string{}, deleted: map[string]bool{}}
}

func (*replayer) DialHook(next redis.DialHook) redis.DialHook { return next }

func (p *replayer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r, kept := p.take(cmd)
		err := next(ctx, cmd)
		if kept {
			p.keep(r, cmd, err)
		}
		return err
	}
}

func (p *replayer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		all := make([]request, len(cmds))
		kept := make([]bool, len(cmds))
		for i, cmd := range cmds {
			all[i], kept[i] = p.take(cmd)
		}
		err := next(ctx, cmds)
		for i, cmd := range cmds {
			if kept[i] {
				p.keep(all[i], cmd, cmd.Err())
			}
		}
		return err
	}
}

// jobOperation is where the operation is in the arguments of a script, from the number of its
// keys on.
const jobOperation = 3

// take copies a request before it is sent, as its memory may be used for another afterwards.
func (p *replayer) take(cmd redis.Cmder) (r request, kept bool) {
	args := cmd.Args()
	name := strings.ToUpper(fmt.Sprint(args[0]))
	// The script that looks at a bucket has one key.
	if name != "EVALSHA" && name != "EVAL" || len(args) <= 2+jobOperation+2 || text(args[2]) != "2" {
		return r, false
	}
	script := text(args[1])
	if name == "EVAL" {
		digest := redis.NewScript(script).Hash()
		p.mu.Lock()
		p.scripts[digest] = script
		p.mu.Unlock()
		script = digest
	}
	r = request{script: strings.Clone(script), since: stamp()}
	for _, a := range args[2:] {
		if b, is := a.([]byte); is {
			a = append([]byte(nil), b...)
		} else if s, is := a.(string); is {
			a = strings.Clone(s)
		}
		r.args = append(r.args, a)
	}
	switch operation := text(r.args[jobOperation]); operation {
	case "get", "reap": // one reads, and the other does what there is to do now
		return r, false
	}
	return r, true
}

func text(arg any) string {
	if b, is := arg.([]byte); is {
		return string(b)
	}
	return fmt.Sprint(arg)
}

// missingJob is the code of a reply that there is no such job.
const missingJob = 7

// keep keeps a request that was answered.
func (p *replayer) keep(r request, cmd redis.Cmder, err error) {
	if err != nil {
		return // it was refused, or may not have been executed
	}
	var code any
	if c, is := cmd.(interface{ Val() any }); is {
		if reply, is := c.Val().([]any); is && len(reply) > 0 {
			code = reply[0]
		}
	}
	job := text(r.args[1])
	r.until = stamp()
	p.mu.Lock()
	defer p.mu.Unlock()
	if code == int64(0) && text(r.args[jobOperation]) == "delete" {
		p.deleted[job] = true
	}
	r.unknown = code == int64(missingJob) && !p.deleted[job]
	if len(p.seen) < replayKept {
		p.seen = append(p.seen, r)
		return
	}
	p.seen[r.until%replayKept] = r
}

// some returns a request that is not too old.
func (p *replayer) some(r *rand.Rand) (request, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range 20 {
		if len(p.seen) == 0 {
			break
		}
		one := p.seen[r.IntN(len(p.seen))]
		if stamp()-one.until < replayAge.Microseconds() {
			return one, true
		}
	}
	return request{}, false
}

// replay sends requests again until ctx ends, and notes those that have changed something.
func (s *jobSide) replay(ctx context.Context) {
	r := s.rand()
	for pause(ctx, time.Duration(r.Int64N(int64(2*replayPace)))) {
		one, found := s.replayer.some(r)
		// What a failover has lost would begin anew, and there is nobody any more to end it.
		if !found || s.calm.Load() {
			continue
		}
		changed, err := s.replayer.again(ctx, one)
		if err != nil {
			continue // the server is busy with what was done to it, or the request is too old
		}
		s.replays.Add(1)
		if changed == "" {
			continue
		}
		key, _, _ := strings.Cut(strings.TrimPrefix(text(one.args[1]), jobPrefix+"job:"), ":")
		s.note(jobNote{
			Job: key, What: noteReplay, Since: one.since, Until: stamp(),
			Text: fmt.Sprintf("a repeated %s changed %s", text(one.args[jobOperation]), changed),
		})
	}
}

var (
	errForgotten = errors.New("the server has forgotten the script, and nobody has sent it since")
	errTooOld    = errors.New("the record has forgotten the request")
)

// again sends a request again and returns what that has changed of the job. Nothing else
// happens between the looks before and after.
func (p *replayer) again(ctx context.Context, r request) (changed string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	job := text(r.args[1])
	before, err := p.direct.HGetAll(ctx, job).Result()
	if err == nil && r.forgotten(before) {
		err = errTooOld
	}
	if err != nil {
		return "", err
	}
	for _, command := range []string{"EVALSHA", "EVAL"} {
		script := r.script
		if command == "EVAL" {
			p.mu.Lock()
			script = p.scripts[r.script]
			p.mu.Unlock()
		}
		if script == "" {
			return "", errForgotten
		}
		sent, then, now, err := p.send(ctx, append([]any{command, script}, r.args...))
		if refusal := sent.Err(); refusal != nil && strings.HasPrefix(refusal.Error(), "NOSCRIPT") {
			continue
		}
		if err != nil && !errors.Is(err, redis.Nil) {
			return "", err
		}
		return r.difference(then, now), nil
	}
	return "", errForgotten
}

// looks are what is stored of a job.
type looks struct {
	fields  *redis.MapStringStringCmd
	expires *redis.DurationCmd
	score   *redis.FloatCmd
}

// send executes a script, and looks at what is stored before and after.
func (p *replayer) send(ctx context.Context, args []any) (sent *redis.Cmd, before, after looks, err error) {
	job, index := text(args[3]), text(args[4])
	member, _, _ := strings.Cut(strings.TrimPrefix(job, jobPrefix), ":__{")
	_, err = p.direct.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		look := func() looks {
			return looks{tx.HGetAll(ctx, job), tx.PExpireTime(ctx, job), tx.ZScore(ctx, index, member)}
		}
		before = look()
		sent = tx.Do(ctx, args...)
		after = look()
		return nil
	})
	return sent, before, after, err
}

// difference returns what a request has changed that has come again.
func (r *request) difference(then, now looks) string {
	before, after := then.fields.Val(), now.fields.Val()
	if r.forgotten(before) {
		return ""
	}
	var changed []string
	for name := range after {
		if before[name] != after[name] {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	switch {
	case len(changed) > 0 || len(before) != len(after):
		return "the record: " + strings.Join(changed, " ")
	case then.expires.Val() != now.expires.Val():
		return "when the record expires"
	case then.score.Val() != now.score.Val():
		return "the index"
	}
	return ""
}

// forgotten reports whether a record does not know this request: it was not there yet, or has
// had too many since.
func (r *request) forgotten(fields map[string]string) bool {
	const effects, refusals = 64, 16
	if text(r.args[jobOperation]) == "beat" {
		return false
	}
	id := text(r.args[jobOperation+2])
	return !strings.Contains(fields["i"]+fields["j"], id) &&
		(r.unknown || strings.Count(fields["i"], ",") >= effects || strings.Count(fields["j"], ",") >= refusals)
}
