package gen_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/typedstate/typedstate/internal/gen"
)

var update = flag.Bool("update", false, "write the expected results in testdata anew")

// checkout is the root of this module.
var checkout = func() string {
	root, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return root
}()

// offline has the go command take everything from this checkout and the module
// cache.
var offline = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOSUMDB=off")

// newModule returns the directory of an empty module example.com/m that uses this
// checkout.
func newModule(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	own, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	require.NoError(t, err)
	// The requirements are those of the checkout, so that the go command has
	// nothing to look up.
	_, requirements, _ := strings.Cut(string(own), "\nrequire ")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.26.0\n\n"+
		"require github.com/typedstate/typedstate v0.0.0\n\n"+
		"replace github.com/typedstate/typedstate => "+checkout+"\n\nrequire "+requirements)
	sums, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	require.NoError(t, err)
	write(t, filepath.Join(dir, "go.sum"), string(sums))
	return dir
}

func write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// extract writes the files of an archive below dir, but those that hold expected
// results.
func extract(t testing.TB, dir string, archive *txtar.Archive) {
	t.Helper()
	for _, f := range archive.Files {
		if !isWant(f.Name) {
			write(t, filepath.Join(dir, f.Name), string(f.Data))
		}
	}
}

func isWant(name string) bool { return name == "want" || strings.HasPrefix(name, "want/") }

// archives reads the archives of a folder of testdata by their names.
func archives(t testing.TB, folder string) map[string]*txtar.Archive {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(checkout, "testdata", folder, "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := make(map[string]*txtar.Archive)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		all[strings.TrimSuffix(filepath.Base(path), ".txtar")] = archive
	}
	return all
}

// run is gen.Run in dir.
func run(t testing.TB, dir string, patterns ...string) *gen.Result {
	t.Helper()
	result, err := gen.Run(t.Context(), gen.Config{Dir: dir, Patterns: patterns, Env: offline})
	require.NoError(t, err)
	return result
}

// formatted returns findings as stategen prints them in base.
func formatted(list []gen.Diagnostic, base string) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.Format(base) + "\n")
	}
	return b.String()
}
