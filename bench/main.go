// Bench measures this SDK beside its peers, in one process and in one run.
//
//	bench/run [flags]         everything, as tables
//	bench/run quick [flags]   one line for each comparison that matters: its name, and how many times as fast
//	bench/run smoke           each comparison once, for a moment: do all of them still give right values?
//	bench/run plot [flags]    throughput by number of callers, as docs/performance.svg and .md
//	bench/run lives           what a job's life takes of the server
//	bench/run awaits [flags]  ten thousand that wait for the end of a job each, into docs/performance.md
//	bench/run gen             what the code generators take
//
// The README beside this file says how it measures, and how to read the figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"time"
)

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// errMissed says that a figure is worse than its target.
var errMissed = errors.New("a target was missed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags of all commands.
type options struct {
	only    *regexp.Regexp
	targets bool
	docs    string
	jobs    int
	span    time.Duration
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	commands := map[string]func(*bench) error{
		"full": (*bench).full, "quick": (*bench).quick, "smoke": (*bench).smoke, "plot": (*bench).plot, "gen": (*bench).gen,
		"lives": (*bench).lives, "awaits": (*bench).awaits,
	}
	name := "full"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	o := options{only: regexp.MustCompile("")}
	flags := flag.NewFlagSet("bench/run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("only", "with quick and without a command: only names that match this `pattern`", func(text string) (err error) {
		o.only, err = regexp.Compile(text)
		return err
	})
	flags.BoolVar(&o.targets, "targets", false, "with quick: mark the figures that miss their targets, and fail if there is one")
	flags.StringVar(&o.docs, "docs", "../docs", "with plot and awaits: the `directory` to write to")
	flags.IntVar(&o.jobs, "jobs", 10_000, "with awaits: how many `jobs` are awaited")
	flags.DurationVar(&o.span, "span", 30*time.Second, "with awaits: the `time` over which they end")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: bench/run [quick|smoke|plot|lives|awaits|gen] [flags]")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	command, ok := commands[name]
	if !ok || flags.NArg() > 0 {
		flags.Usage()
		return exitUsage
	}
	b := &bench{ctx: ctx, options: o, out: stdout}
	if err := errors.Join(command(b), b.close()); err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailed
	}
	return exitOK
}
