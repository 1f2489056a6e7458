// Stategen writes typed accessors for state in Redis, typed rate limiters, and typed
// trackers of jobs.
//
// Annotate a struct with the template of its keys:
//
//	//go:generate go tool stategen ./...
//
//	// Session is the shopping session of one user.
//	//
//	//state:key session:<userID> ttl=30m
//	type Session struct {
//		Cart []Item `json:"cart"`
//	}
//
// and run stategen once for the whole module:
//
//	go get -tool github.com/typedstate/typedstate/cmd/stategen
//	go tool stategen ./...
//
// It writes a file state_gen.go into each package that has such a comment, here
// with the functions SessionKey, NewSessionReader and NewSessionStore and their
// types:
//
//	sessions := shop.NewSessionStore(store)
//	s, err := sessions.Get(ctx, userID)
//
// A limit stands above a type that gives it a name, and of which nothing is stored:
//
//	// Calls are the calls of one user.
//	//
//	//state:limit calls:<userID> window=100/1m bucket=1000/1h
//	type Calls struct{}
//
// The file then has the function NewCallsLimiter, and the type of what it returns:
//
//	limiter, err := api.NewCallsLimiter(store, ratelimit.Options{})
//	d, err := limiter.Allow(ctx, userID)
//
// A job stands above a struct whose fields say what its progress and its result are:
//
//	// Import reads a file.
//	//
//	//state:job import:<jobID> keep=24h
//	type Import struct {
//		Progress ImportProgress
//		Result   ImportReport
//	}
//
// The file then has the function NewImportTracker and the types ImportTracker, ImportRun
// and ImportStatus:
//
//	tracker, err := work.NewImportTracker(store, jobs.Options{})
//	status, err := tracker.Await(ctx, jobID)
//
// # Usage
//
//	stategen [gen] [-tags list] [-v] [packages]
//	stategen check [-tags list] [-v] [packages]
//
// Packages are named as for the go command, by default ./... of the current
// directory. Gen writes the files that have changed and removes those of packages
// that need none any more; it needs no package to compile, and it writes nothing
// if there is an error in any of them. Check writes nothing: it prints what gen
// would change as a unified diff, for continuous integration.
//
// With -v both print what is done with each file, and where the library codec is
// used, and why.
//
// The exit code is 0 if all is well, 1 if there are errors or, for check, a file
// would change, and 2 if the command line is wrong.
//
// # Directives
//
//	//state:key TEMPLATE (ttl=DURATION | persist="why") [options]
//	//state:limit TEMPLATE LIMIT... [name=Ident]
//	//state:job TEMPLATE keep=DURATION [options]
//
// The template is segments joined by colons, each a literal or a parameter:
// session:<userID>, item:<id:int64>, cart:{<tenant:TenantID>}:<user:uuid.UUID>.
// A parameter is a string, or has the type it names: bool, an integer, [16]byte
// for a UUID, a named type on one of these, or a type with MarshalText and
// UnmarshalText. One run of segments in braces is the hash tag of Redis Cluster.
// No two templates of a run may be able to make the same key.
//
// The options of a key are:
//
//	ttl=30m        how long a value lives after it was written
//	persist="why"  in place of ttl: values live until they are removed
//	max=24h        the longest TTL that a call may ask for
//	jitter=10%     shorten each TTL at random by up to that much
//	sliding        reading a value extends its life
//	watch          writes are announced; adds Watch and, beside scan, WatchAll
//	scan           adds Keys, All and RemoveAll, which walk over the keys
//	codec=msgpack  store MessagePack, not JSON
//	name=Basket    begin the generated names with Basket, not with the type's
//
// A limit is a window or a bucket, and a directive has one to eight of them, which are
// decided together:
//
//	window=100/1m             at most 100 in any minute
//	bucket=1000/1h            refills by 1000 in an hour, steadily, and holds as many
//	bucket=1000/1h,burst=200  holds 200
//	window=100/1m,slots=64    counts more finely than with 32 slots
//	window=5/1s,shadow        denies nothing, and says what it would have denied
//	window=5/1s,name=spike    is called spike, not window-1s
//
// A limit that can grant nothing, or that never decides because another is always as
// strict, is an error. If the template has no parameter, the limiter's subject is
// ratelimit.Global; if it has one, the subject has its type; if it has several, it is a
// struct with a field for each, here CallsSubject.
//
// A job's struct has the fields Progress and Result, each of a type of its own that can be
// stored, or one of them, or none; what is missing is jobs.None. Its template has no hash tag,
// as the keys of a job have their own, and may not differ from that of other jobs in the types
// of its parameters alone. The options of a job are:
//
//	keep=24h       how long a job is kept that has ended; must be given
//	failed=168h    the same for those that have failed
//	cancelled=1h   the same for those that were cancelled
//	lease=30s      how long an attempt holds a job without a heartbeat
//	idle=720h      how long a job is kept that nothing happens to
//	attempts=3     how many attempts may fail before the job has
//	retry=1s       how long after a failure the next attempt may start, doubled each time
//	maxretry=10m   up to this
//	codec=msgpack  store MessagePack, not JSON
//	name=Loading   begin the generated names with Loading, not with the type's
//
// Lease, idle, attempts, retry and maxretry are shown with their defaults; failed and cancelled
// are as keep. See jobs.FamilyOptions for the bounds. If the template has no parameter, the
// key of its job is struct{}; if it has one, that has its type; if it has several, it is a
// struct with a field for each, here ImportJobKey.
//
// A type may have several directives if all but one of each kind have a name. One with a
// key or a job is a struct; one with limits may be any that is neither an alias nor generic.
//
// # Fields
//
// Every field must be stored or say that it is not: an unexported field needs the
// tag state:"-", an exported one json:"-", and what no codec can store, such as a
// func, is an error at the field.
//
// # Codecs
//
// The file holds functions without reflection that encode and decode the struct
// and all structs that it holds. They write what the codecs of package state write
// and read what those read, so that programs with generated codecs and without
// share their values. They know the options omitempty, omitzero and string of json
// tags, embedded structs, and what vmihailenco/msgpack makes of msgpack tags.
//
// A field is left to the library codec if its type encodes itself, or is or holds
// a struct for which the file has no guard: one of another module, say, where
// nobody would notice that a new field is missing here. A struct with more than
// 256 fields is left to it as a whole.
//
// A line at the end of the file does not compile any more once a struct has other
// fields or tags; then it is time to run stategen again. A method that has a type
// encode itself changes no field: after adding one, run stategen too, or have check
// say so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/gen"
)

// The exit codes.
const (
	exitOK = iota
	exitFindings
	exitUsage
)

func main() {
	// The loader of packages reports through log what it cannot go on with.
	log.SetFlags(0)
	log.SetPrefix("stategen: ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `usage: stategen [gen|check] [-tags list] [-v] [packages]

gen    write the state_gen.go of each package (default)
check  print what gen would change, and exit with 1 if that is anything

`

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	start := time.Now()
	command := "gen"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !strings.ContainsAny(args[0], "./") {
		command, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("stategen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	tags := flags.String("tags", "", "build tags, separated by commas")
	verbose := flags.Bool("v", false, "print what is done with each file")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	if command != "gen" && command != "check" {
		fmt.Fprintf(stderr, "stategen: unknown command %q\n", command)
		flags.Usage()
		return exitUsage
	}
	base, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(stderr, "stategen: %v\n", err)
		return exitFindings
	}
	patterns := flags.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	result, err := gen.Run(ctx, gen.Config{Dir: base, Patterns: patterns, Tags: *tags})
	if err != nil {
		fmt.Fprintf(stderr, "stategen: %v\n", err)
		return exitFindings
	}
	for _, d := range result.Diagnostics {
		if d.Position.Filename == "" {
			fmt.Fprint(stderr, "stategen: ")
		}
		fmt.Fprintln(stderr, d.Format(base))
	}
	if result.Failed() {
		return exitFindings
	}
	if *verbose {
		for _, note := range result.Notes {
			fmt.Fprintln(stderr, note)
		}
	}
	if command == "check" {
		return check(result, base, *verbose, stdout, stderr)
	}
	if err := result.Apply(); err != nil {
		fmt.Fprintf(stderr, "stategen: %v\n", err)
		return exitFindings
	}
	if *verbose {
		done := map[gen.Change]string{
			gen.Unchanged: "unchanged", gen.Missing: "written", gen.Stale: "written anew", gen.Orphaned: "removed",
		}
		for _, f := range result.Files {
			fmt.Fprintf(stderr, "%s: %s\n", f.Name(base), done[f.Change()])
		}
	}
	fmt.Fprintf(stdout, "stategen: %s, %s, %.1fs\n",
		found(result), count(result.Packages, "package", "packages"), time.Since(start).Seconds())
	return exitOK
}

// check prints the changes that gen would make.
func check(result *gen.Result, base string, verbose bool, stdout, stderr io.Writer) int {
	code := exitOK
	for _, f := range result.Files {
		if f.Change() == gen.Unchanged {
			if verbose {
				fmt.Fprintf(stderr, "%s: unchanged\n", f.Name(base))
			}
			continue
		}
		code = exitFindings
		fmt.Fprintf(stderr, "%s: %s; run go generate\n", f.Name(base), f.Change())
		if _, err := stdout.Write(f.Diff(base)); err != nil {
			fmt.Fprintf(stderr, "stategen: %v\n", err)
		}
	}
	return code
}

// found says how many families, limiters and trackers there are, of which it leaves out those
// that there are none of.
func found(result *gen.Result) string {
	var parts []string
	if result.Families > 0 || result.Limiters+result.Trackers == 0 {
		parts = append(parts, count(result.Families, "family", "families"))
	}
	if result.Limiters > 0 {
		parts = append(parts, count(result.Limiters, "limiter", "limiters"))
	}
	if result.Trackers > 0 {
		parts = append(parts, count(result.Trackers, "tracker", "trackers"))
	}
	return strings.Join(parts, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
