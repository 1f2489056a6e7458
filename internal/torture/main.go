package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/typedstate/typedstate/internal/redistest"
)

// The exit codes.
const (
	exitOK     = 0
	exitBroken = 1
	exitUsage  = 2
)

func main() {
	if isWorker() {
		os.Exit(work(os.Stdin, os.Stdout, os.Stderr))
	}
	if isJobWorker() {
		os.Exit(workOnJobs(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// deployments are what -on may name.
var deployments = []string{"single", "cluster", "sentinel", "pair"}

// settings is what the command line asks for.
type settings struct {
	duration time.Duration
	seed     uint64
	only     []string
	on       []string
	counts   counts
}

// counts force how much a scenario does, where 0 leaves it to the time.
type counts struct {
	lost, updates, partitions, expiries, moves, cancels int
}

func (c counts) forced() bool { return c != counts{} }

// A run takes the time asked for and at most allowance for starting servers,
// waiting for promotions and checking. Counts that are forced take as long as
// they take, for which forcedAllowance comes on top.
const (
	allowance       = 90 * time.Second
	forcedAllowance = 20 * time.Minute
)

func parse(args []string, errs io.Writer) (settings, error) {
	var s settings
	var only, on string
	f := flag.NewFlagSet("torture", flag.ContinueOnError)
	f.SetOutput(errs)
	f.DurationVar(&s.duration, "for", 30*time.Second, "how long to make traffic")
	f.Uint64Var(&s.seed, "seed", 0, "where random choices begin; 0 is one of the clock")
	f.StringVar(&only, "only", "", "the groups or scenarios to run, with commas: "+strings.Join(names(), " "))
	f.StringVar(&on, "on", strings.Join(deployments, ","), "the deployments to run on, with commas")
	f.IntVar(&s.counts.lost, "lost", 0, "lose that many replies, and repeat that many calls until they succeed")
	f.IntVar(&s.counts.updates, "updates", 0, "make that many updates on one server and as many on a Cluster, and check their history")
	f.IntVar(&s.counts.partitions, "partitions", 0, "cut a replica off that often")
	f.IntVar(&s.counts.expiries, "expiries", 0, "let that many keys expire")
	f.IntVar(&s.counts.moves, "moves", 0, "move that many slots")
	f.IntVar(&s.counts.cancels, "cancels", 0, "make that many calls whose context ends")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("torture: it takes no arguments, and %q is one", f.Arg(0))
	}
	if s.duration <= 0 {
		return s, fmt.Errorf("torture: -for is %v, and must be more", s.duration)
	}
	c := s.counts
	if min(c.lost, c.updates, c.partitions, c.expiries, c.moves, c.cancels) < 0 {
		return s, errors.New("torture: a count is less than nothing")
	}
	if s.seed == 0 {
		s.seed = uint64(time.Now().UnixNano())
	}
	var err error
	if s.only, err = choices("only", only, names()); err != nil {
		return s, err
	}
	s.on, err = choices("on", on, deployments)
	return s, err
}

// choices returns what a flag names, each of which must be known.
func choices(name, given string, known []string) (chosen []string, err error) {
	for one := range strings.SplitSeq(given, ",") {
		if one == "" {
			continue
		}
		if !slices.Contains(known, one) {
			return nil, fmt.Errorf("torture: -%s does not know %q; give some of %s", name, one, strings.Join(known, " "))
		}
		chosen = append(chosen, one)
	}
	return chosen, nil
}

func run(args []string, out, errs io.Writer) int {
	s, err := parse(args, errs)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		fmt.Fprintln(errs, err)
		return exitUsage
	}
	logging.Disable() // the servers are down on purpose, and go-redis tells of each dial
	rep := newReport(out)
	rep.print("seed", s.seed)
	complete := guarded(errs, "redis-server", func(tb *programTB) { redistest.Require(tb) }) && runAll(s, rep, errs)
	rep.totals()
	for _, why := range rep.broken {
		fmt.Fprintln(errs, "broken:", why)
	}
	if !complete || len(rep.broken) > 0 {
		return exitBroken
	}
	return exitOK
}

// runAll runs what the settings choose and reports whether all of it ran.
func runAll(s settings, rep *report, errs io.Writer) bool {
	limit := s.duration + allowance
	if s.counts.forced() {
		limit += forcedAllowance
	}
	// The servers end with this process, whatever else happens.
	watchdog := time.AfterFunc(limit, func() {
		fmt.Fprintf(errs, "torture: not done after %v\n", limit)
		os.Exit(exitBroken)
	})
	defer watchdog.Stop()
	chosen := choose(s)
	if len(chosen) == 0 {
		fmt.Fprintln(errs, "torture: nothing to run: no scenario of -only runs on -on")
		return false
	}
	total := 0.0
	for _, sc := range chosen {
		total += sc.share
	}
	complete := true
	for _, sc := range chosen {
		share := time.Duration(float64(s.duration) * sc.share / total)
		fmt.Fprintf(errs, "torture: %s, %v\n", sc.name, share.Round(time.Millisecond))
		complete = guarded(errs, sc.name, func(tb *programTB) {
			section := rep.section(sc.name)
			defer section.close()
			sc.run(newBench(tb, section, s, share))
		}) && complete
	}
	return complete
}
