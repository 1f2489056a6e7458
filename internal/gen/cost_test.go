package gen_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// families returns a package of n annotated structs, no two of one shape.
func families(n int) string {
	var b strings.Builder
	b.WriteString("package many\n\nimport \"time\"\n")
	for i := range n {
		fmt.Fprintf(&b, `
//state:key many%[1]d:<userID> ttl=30m
type Session%[1]d struct {
	Cart      []Item%[1]d       `+"`json:\"cart\"`"+`
	UpdatedAt time.Time         `+"`json:\"updatedAt\"`"+`
	Notes     map[string]string `+"`json:\"notes,omitempty\"`"+`
}

type Item%[1]d struct {
	SKU     string `+"`json:\"sku\"`"+`
	Count%[1]d int `+"`json:\"count\"`"+`
}
`, i)
	}
	return b.String()
}

// compiled generates for n structs and returns what compiling the package took.
func compiled(t testing.TB, dir string, n int) usage {
	t.Helper()
	write(t, filepath.Join(dir, "many", "many.go"), families(n))
	result := run(t, dir, "./many")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.Equal(t, n, result.Families)
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

// Generated code must not make a package slow to compile. What a family adds is
// the difference between few and many, so that what every package pays for its
// imports does not count. The bound on memory is the budget; that on CPU leaves
// room for a busy machine, and BenchmarkCompile measures the budget of 25 ms.
func TestCompileCost(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles 120 families")
	}
	few, many := 20, 100
	dir := newModule(t)
	a, b := compiled(t, dir, few), compiled(t, dir, many)
	perFamily := (b.CPU - a.CPU) / time.Duration(many-few)
	bytes := (b.Bytes - a.Bytes) / int64(many-few)
	t.Logf("%v of CPU and %.1f MB per family, beside %v and %d MB for the first %d",
		perFamily, float64(bytes)/1e6, a.CPU, a.Bytes/1e6, few)
	assert.Less(t, perFamily, 80*time.Millisecond)
	assert.Less(t, bytes, int64(3e6))
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{20, 100, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			dir := newModule(b)
			for b.Loop() {
				u := compiled(b, dir, n)
				b.ReportMetric(float64(u.Wall.Milliseconds())/float64(n), "ms/family")
				b.ReportMetric(float64(u.CPU.Milliseconds())/float64(n), "cpu-ms/family")
				b.ReportMetric(float64(u.Bytes)/1e6/float64(n), "MB/family")
			}
		})
	}
}

// A package of a thousand annotated structs is generated for in one run.
func TestThousand(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	write(t, filepath.Join(dir, "many.go"), families(1000))
	result := run(t, dir, ".")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.Equal(t, 1000, result.Families)
	require.Len(t, result.Files, 1)
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
	bare, warm := time.Hour, time.Hour
	for range 12 {
		bare, warm = best(loadBare, bare), best(runWarm, warm)
	}
	ratio := float64(warm) / float64(bare)
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
