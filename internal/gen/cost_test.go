package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"

	"github.com/typedstate/typedstate/internal/gen"
)

// Where the compiler's use of resources is recorded. When it is set, the test
// binary stands in for the tools of the go command (-toolexec).
const recordTo = "GEN_TEST_RECORD"

func TestMain(m *testing.M) {
	if path := os.Getenv(recordTo); path != "" {
		os.Exit(recordTool(path, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// usage is what the compiler took for one package.
type usage struct {
	Wall, CPU time.Duration
	Bytes     int64
}

// recordTool runs a tool of the go command, and records what the compiler takes
// for package example.com/m/many.
func recordTool(path string, args []string) int {
	tool := exec.Command(args[0], args[1:]...)
	tool.Stdin, tool.Stdout, tool.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	err := tool.Run()
	if tool.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if strings.Contains(strings.Join(args, " "), "-p example.com/m/many ") {
		record, err := json.Marshal(usage{
			Wall:  time.Since(start),
			CPU:   tool.ProcessState.UserTime() + tool.ProcessState.SystemTime(),
			Bytes: maxRSS(tool.ProcessState),
		})
		if err == nil {
			err = os.WriteFile(path, record, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return tool.ProcessState.ExitCode()
}

// A shape is what the annotated structs of a package of many look like.
type shape struct {
	name, source string
}

var (
	// usual is a struct with a slice of another one, and with a map.
	usual = shape{"usual", `
//state:key many%[1]d:<userID> ttl=30m
type Session%[1]d struct {
	Cart      []Item%[1]d       ` + "`json:\"cart\"`" + `
	UpdatedAt time.Time         ` + "`json:\"updatedAt\"`" + `
	Notes     map[string]string ` + "`json:\"notes,omitempty\"`" + `
}

type Item%[1]d struct {
	SKU     string ` + "`json:\"sku\"`" + `
	Count%[1]d int ` + "`json:\"count\"`" + `
}
`}
	// watched is the usual one in a family that is watched.
	watched = shape{"watched", strings.Replace(usual.source, "ttl=30m", "ttl=30m watch", 1)}
	// little has no more than a few fields.
	little = shape{"little", `
//state:key many%[1]d:<userID> ttl=30m
type Session%[1]d struct {
	UserID    string    ` + "`json:\"userId\"`" + `
	Visits%[1]d int     ` + "`json:\"visits\"`" + `
	UpdatedAt time.Time ` + "`json:\"updatedAt\"`" + `
}
`}
	// limits have subjects of two parts, and so a struct for each limiter, for which all
	// methods of a limiter are compiled. Those with one string share them.
	limits = shape{"limits", `
//state:limit many%[1]d:<tenant>:<userID> window=100/1m bucket=1000/1h,burst=200
type Session%[1]d time.Time
`}
	// trackers have types of their own for all of key, progress and result, so that all
	// methods are compiled for each.
	trackers = shape{"trackers", `
//state:job many%[1]d:<tenant>:<userID> keep=24h
type Session%[1]d struct {
	Progress Done%[1]d
	Result   Report%[1]d
}

type Done%[1]d struct {
	Rows      int       ` + "`json:\"rows\"`" + `
	UpdatedAt time.Time ` + "`json:\"updatedAt\"`" + `
}

type Report%[1]d struct {
	Rows  int               ` + "`json:\"rows\"`" + `
	Notes map[string]string ` + "`json:\"notes,omitempty\"`" + `
}
`}
	// pair is a pair of structs with twelve fields and two.
	pair = shape{"pair", `
//state:key many%[1]d:<userID> ttl=30m
type Session%[1]d struct {
	ID        string            ` + "`json:\"id\"`" + `
	UserID    string            ` + "`json:\"userId\"`" + `
	Visits    int               ` + "`json:\"visits\"`" + `
	Active    bool              ` + "`json:\"active\"`" + `
	Score     float64           ` + "`json:\"score\"`" + `
	Count%[1]d int32            ` + "`json:\"count\"`" + `
	Tags      []string          ` + "`json:\"tags\"`" + `
	Cart      []Item%[1]d       ` + "`json:\"cart\"`" + `
	Notes     map[string]string ` + "`json:\"notes\"`" + `
	Parent    *Item%[1]d        ` + "`json:\"parent\"`" + `
	UpdatedAt time.Time         ` + "`json:\"updatedAt\"`" + `
	Data      []byte            ` + "`json:\"data\"`" + `
}

type Item%[1]d struct {
	SKU     string ` + "`json:\"sku\"`" + `
	Count%[1]d int ` + "`json:\"count\"`" + `
}
`}
)

// families returns a package of n annotated structs, no two of one type.
func (s shape) families(n int) string {
	var b strings.Builder
	b.WriteString("package many\n\nimport \"time\"\n")
	for i := range n {
		fmt.Fprintf(&b, s.source, i)
	}
	return b.String()
}

// compiled generates for n structs and returns what compiling the package took,
// with their codecs or without.
func compiled(t testing.TB, dir string, s shape, n int, codecs bool) usage {
	t.Helper()
	write(t, filepath.Join(dir, "many", "many.go"), s.families(n))
	result := run(t, dir, "./many")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.Equal(t, n, result.Families+result.Limiters+result.Trackers)
	if !codecs {
		text := regexp.MustCompile(`(?m)^\tCodec: .*\n`).ReplaceAllString(string(result.Files[0].New), "")
		from, to := strings.Index(text, "func session0ToJSON("), strings.LastIndex(text, "// If a line below")
		result.Files[0].New = []byte(text[:from] + text[to:])
	}
	require.NoError(t, result.Apply())
	// Loading the package has compiled it already; something new has that done again.
	write(t, filepath.Join(dir, "many", "other.go"), "package many\n\nconst _ = \""+time.Now().String()+"\"\n")
	self, err := os.Executable()
	require.NoError(t, err)
	record := filepath.Join(t.TempDir(), "usage")
	build := exec.CommandContext(t.Context(), "go", "build", "-toolexec", self, "./many")
	build.Dir, build.Env = dir, slices.Concat(offline, []string{recordTo + "=" + record})
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	content, err := os.ReadFile(record)
	require.NoError(t, err)
	var u usage
	require.NoError(t, json.Unmarshal(content, &u))
	return u
}

// perFamily is what a family adds to the cost of a package: the difference between
// few and many, so that what every package pays for its imports does not count.
func perFamily(t testing.TB, dir string, s shape, codecs bool) (cpu time.Duration, bytes int64) {
	t.Helper()
	const few, many = 20, 100
	a, b := compiled(t, dir, s, few, codecs), compiled(t, dir, s, many, codecs)
	return (b.CPU - a.CPU) / (many - few), (b.Bytes - a.Bytes) / (many - few)
}

// Generated code must not make a package slow to compile. The bounds leave room for
// a busy machine; BenchmarkCompile measures the budget of 25 ms.
func TestCompileCost(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles 720 families, 120 limiters and 120 trackers")
	}
	dir := newModule(t)
	for _, s := range []shape{little, usual, watched} {
		cpu, bytes := perFamily(t, dir, s, false)
		t.Logf("%s: %v of CPU and %.1f MB per family without a codec", s.name, cpu, float64(bytes)/1e6)
		assert.Less(t, cpu, 80*time.Millisecond, s.name)
		if s.name == watched.name {
			bytes -= 5e5 // what a watch may add
		}
		assert.Less(t, bytes, int64(3e6), s.name)
		cpu, bytes = perFamily(t, dir, s, true)
		t.Logf("%s: %v of CPU and %.1f MB per family with its codec", s.name, cpu, float64(bytes)/1e6)
		assert.Less(t, cpu, 120*time.Millisecond, s.name)
		assert.Less(t, bytes, int64(5e6), s.name)
	}
	cpu, bytes := perFamily(t, dir, limits, true)
	t.Logf("%s: %v of CPU and %.1f MB per limiter", limits.name, cpu, float64(bytes)/1e6)
	assert.Less(t, cpu, 40*time.Millisecond, limits.name)
	assert.Less(t, bytes, int64(2e6), limits.name)
	cpu, bytes = perFamily(t, dir, trackers, true)
	t.Logf("%s: %v of CPU and %.1f MB per tracker with two codecs", trackers.name, cpu, float64(bytes)/1e6)
	assert.Less(t, cpu, 140*time.Millisecond, trackers.name)
	assert.Less(t, bytes, int64(55e5), trackers.name)
}

func BenchmarkCompile(b *testing.B) {
	for _, s := range []shape{little, usual, watched} {
		for _, codecs := range []bool{false, true} {
			for _, n := range []int{20, 100, 1000} {
				b.Run(fmt.Sprintf("%s/codecs=%t/%d", s.name, codecs, n), func(b *testing.B) {
					dir := newModule(b)
					for b.Loop() {
						u := compiled(b, dir, s, n, codecs)
						b.ReportMetric(float64(u.Wall.Milliseconds())/float64(n), "ms/family")
						b.ReportMetric(float64(u.CPU.Milliseconds())/float64(n), "cpu-ms/family")
						b.ReportMetric(float64(u.Bytes)/1e6/float64(n), "MB/family")
					}
				})
			}
		}
	}
}

// A package of a thousand annotated structs is generated for in one run.
func TestThousand(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	write(t, filepath.Join(dir, "many.go"), pair.families(1000))
	result := run(t, dir, ".")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.Equal(t, 1000, result.Families)
	require.Len(t, result.Files, 1)
	requireFormatted(t, result.Files[0].New)
}

// The generator writes the codecs of its corpus and of the examples as gofmt does.
func TestFormatted(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"codectest/state_gen.go", "../../examples/tour/state_gen.go", "../../examples/livecart/state_gen.go"} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		requireFormatted(t, content)
	}
}

func requireFormatted(t testing.TB, content []byte) {
	t.Helper()
	want, err := format.Source(content)
	require.NoError(t, err)
	if !bytes.Equal(want, content) {
		assert.Equal(t, strings.Split(string(want), "\n"), strings.Split(string(content), "\n"), "gofmt would write it otherwise")
	}
}

// BenchmarkGenerate is a whole run for packages of pairs, from loading to writing.
func BenchmarkGenerate(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			dir := newModule(b)
			write(b, filepath.Join(dir, "many.go"), pair.families(n))
			for b.Loop() {
				result := run(b, dir, ".")
				require.False(b, result.Failed(), formatted(result.Diagnostics, dir))
				require.NoError(b, result.Apply())
				require.NoError(b, os.Remove(result.Files[0].Path))
			}
		})
	}
}

// small is a module with one small package, in which all is built and generated.
func small(t testing.TB) string {
	dir := newModule(t)
	write(t, filepath.Join(dir, "shop", "shop.go"), shop)
	for range 2 {
		result := run(t, dir, "./...")
		require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
		require.NoError(t, result.Apply())
	}
	return dir
}

func loadBare(t testing.TB, dir string) {
	loaded, err := packages.Load(&packages.Config{
		Context: t.Context(), Dir: dir, Env: offline,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}, "./...")
	require.NoError(t, err)
	require.Len(t, loaded, 1)
	require.Empty(t, loaded[0].Errors)
}

func runWarm(t testing.TB, dir string) {
	result := run(t, dir, "./...")
	require.Len(t, result.Files, 1)
	require.Equal(t, gen.Unchanged, result.Files[0].Change())
}

// A warm run costs little more than loading the package, by the best of several
// alternating rounds; 1.5 times is the budget.
func TestWarmRun(t *testing.T) {
	dir := small(t)
	best := func(f func(testing.TB, string), was time.Duration) time.Duration {
		start := time.Now()
		f(t, dir)
		return min(was, time.Since(start))
	}
	bare, warm, ratio := time.Hour, time.Hour, 0.0
	for i := range 48 {
		bare, warm = best(loadBare, bare), best(runWarm, warm)
		if ratio = float64(warm) / float64(bare); i >= 11 && ratio < 1.5 {
			break // a loaded machine takes more rounds to be at its best once
		}
	}
	t.Logf("a run %v, a load %v: %.2f times", warm, bare, ratio)
	assert.Less(t, ratio, 1.5)
}

func BenchmarkWarmRun(b *testing.B) {
	dir := small(b)
	for b.Loop() {
		runWarm(b, dir)
	}
}

func BenchmarkBareLoad(b *testing.B) {
	dir := small(b)
	for b.Loop() {
		loadBare(b, dir)
	}
}
