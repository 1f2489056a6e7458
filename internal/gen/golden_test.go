package gen_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/typedstate/typedstate/internal/gen"
)

// The archives of testdata/gen are packages of one module, which is generated for
// in one run and compiled in one more. Their expected files are under want/.
func TestGolden(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	cases := archives(t, "gen")
	for name, archive := range cases {
		extract(t, filepath.Join(dir, name), archive)
	}
	result := run(t, dir, "./...")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.NoError(t, result.Apply())
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) { compare(t, filepath.Join(dir, name), name, cases[name]) })
	}

	// Vet type-checks all of it and adds what it finds itself.
	for _, args := range [][]string{{"vet", "./..."}, {"vet", "-tags=other", "./builds"}} {
		vet := exec.CommandContext(t.Context(), "go", args...)
		vet.Dir, vet.Env = dir, offline
		output, err := vet.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}

	again := run(t, dir, "./...")
	for i, f := range again.Files {
		assert.Equal(t, gen.Unchanged, f.Change(), f.Path)
		assert.Equal(t, result.Files[i].New, f.New, "two runs differ in %s", f.Path)
	}
}

// compare compares the generated files below dir with those of an archive.
func compare(t *testing.T, dir, name string, archive *txtar.Archive) {
	var got []txtar.File
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Base(path) == gen.OutputName {
			rel, _ := filepath.Rel(dir, path)
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			requireFormatted(t, content)
			got = append(got, txtar.File{Name: "want/" + filepath.ToSlash(rel), Data: content})
		}
		return err
	}))
	inputs := slices.DeleteFunc(slices.Clone(archive.Files), func(f txtar.File) bool { return isWant(f.Name) })
	now := txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: append(inputs, got...)})
	path := filepath.Join(checkout, "testdata", "gen", name+".txtar")
	if *update {
		require.NoError(t, os.WriteFile(path, now, 0o644))
		return
	}
	was, err := os.ReadFile(path)
	require.NoError(t, err)
	if !bytes.Equal(was, now) {
		assert.Equal(t, strings.Split(string(was), "\n"), strings.Split(string(now), "\n"), "run go test ./internal/gen -update")
	}
}
