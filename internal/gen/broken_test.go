package gen_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/gen"
)

// annotated is a package that does not compile without its generated file.
const annotated = `package p

import "context"

//state:key %[1]s:<id> ttl=30m
type Session struct{ Name string }

func use(ctx context.Context, s SessionStore) (Session, error) { return s.Get(ctx, "id") }
`

// limited is one with a limit alone.
const limited = `package p

import (
	"context"

	"github.com/typedstate/typedstate/state/ratelimit"
)

//state:limit %[1]s:<id> window=1/1s
type Session struct{ Name string }

func use(ctx context.Context, l *SessionLimiter) (ratelimit.Decision, error) { return l.Allow(ctx, "id") }
`

// tracked is one with a job alone.
const tracked = `package p

import "context"

//state:job %[1]s:<id> keep=1m
type Session struct{ Result Item }

type Item struct{ Name string }

func use(ctx context.Context, t *SessionTracker) (SessionStatus, error) { return t.Get(ctx, "id") }
`

// The states in which a merge, an update or a hand leaves the generated file.
var broken = map[string]func(good string) string{
	"missing": nil,
	"empty":   func(string) string { return "" },
	"blank":   func(string) string { return "\n\n" },
	"stale":   func(good string) string { return strings.ReplaceAll(good, "Name string", "Gone string") },
	"marked": func(good string) string {
		return strings.Replace(good, "// SessionKey", "<<<<<<< HEAD\nvar x\n=======\nvar y\n>>>>>>> theirs\n// SessionKey", 1)
	},
	"marked-imports": func(good string) string {
		return strings.Replace(good, "\t\"context\"\n", "<<<<<<< HEAD\n\t\"context\"\n=======\n>>>>>>> theirs\n", 1)
	},
	"marked-top": func(good string) string { return "<<<<<<< HEAD\n" + good + "=======\n" + good + ">>>>>>> theirs\n" },
	"package":    func(good string) string { return strings.Replace(good, "package p", "package other", 1) },
	"import":     func(good string) string { return strings.Replace(good, `"context"`, `"example.com/gone"`, 1) },
	"cut":        func(good string) string { return good[:len(good)/2] },
	"garbage":    func(good string) string { return strings.SplitAfter(good, "\n")[0] + "\x00\xff(((" },
	"clause":     func(good string) string { return strings.SplitAfter(good, "\n")[0] + "\npackage p\n" },
}

func TestBrokenOutput(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	type folder struct{ state, file, source string }
	var folders []folder
	for state := range broken {
		folders = append(folders, folder{state, "z.go", annotated})
	}
	// The go command takes a package's name from its first file, which is ours
	// beside z.go and not beside a.go.
	folders = append(folders, folder{"package", "a.go", annotated}, folder{"garbage", "a.go", annotated})
	folders = append(folders, folder{"cut", "limited.go", limited}, folder{"cut", "tracked.go", tracked})
	path := func(f folder) string { return filepath.Join(dir, f.state+f.file[:1]) }
	for _, f := range folders {
		write(t, filepath.Join(path(f), f.file), fmt.Sprintf(f.source, filepath.Base(path(f))))
	}
	first := run(t, dir, "./...")
	require.False(t, first.Failed(), formatted(first.Diagnostics, dir))
	require.NoError(t, first.Apply())
	good := make(map[string]string)
	for _, f := range first.Files {
		good[filepath.Dir(f.Path)] = string(f.New)
	}
	require.Len(t, good, len(folders))
	for _, f := range folders {
		output := filepath.Join(path(f), gen.OutputName)
		if spoil := broken[f.state]; spoil != nil {
			write(t, output, spoil(good[path(f)]))
		} else {
			require.NoError(t, os.Remove(output))
		}
	}

	again := run(t, dir, "./...")
	require.False(t, again.Failed(), formatted(again.Diagnostics, dir))
	require.Len(t, again.Files, len(folders))
	for _, f := range again.Files {
		assert.Equal(t, good[filepath.Dir(f.Path)], string(f.New), f.Path)
		assert.NotEqual(t, gen.Unchanged, f.Change(), f.Path)
	}
	for _, f := range folders {
		alone := run(t, path(f), ".")
		require.False(t, alone.Failed(), formatted(alone.Diagnostics, dir))
		require.Len(t, alone.Files, 1)
		assert.Equal(t, good[path(f)], string(alone.Files[0].New), path(f))
		assert.Equal(t, f == folder{"package", "z.go", annotated}, len(alone.Notes) > 0, "%s: %v", path(f), alone.Notes)
	}
	require.NoError(t, again.Apply())
	for _, f := range run(t, dir, "./...").Files {
		assert.Equal(t, gen.Unchanged, f.Change(), f.Path)
	}
}

// A package whose own dependency lacks its generated file is generated for as if
// it were there, whether the dependency is part of the run or not.
func TestBrokenDependency(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	write(t, filepath.Join(dir, "b", "b.go"), fmt.Sprintf(annotated, "b"))
	write(t, filepath.Join(dir, "c", "c.go"), "package c\n\nimport p \"example.com/m/b\"\n\n"+
		"type C struct{ S p.Session }\n\nvar _ = p.SessionKey\n")
	write(t, filepath.Join(dir, "a", "a.go"), "package a\n\nimport (\n\tp \"example.com/m/b\"\n\t\"example.com/m/c\"\n)\n\n"+
		"//state:key a:<id> ttl=1m\ntype A struct {\n\tB p.Session\n\tC c.C\n}\n\nvar _ = p.SessionKey\n")
	for _, content := range []string{"", "package wrong\n", "<<<<<<< HEAD\n"} {
		if content != "" {
			write(t, filepath.Join(dir, "b", gen.OutputName), "// Code generated by stategen. DO NOT EDIT.\n"+content)
		}
		alone := run(t, dir, "./a")
		require.False(t, alone.Failed(), formatted(alone.Diagnostics, dir))
		require.Len(t, alone.Files, 1)
		both := run(t, dir, "./...")
		require.False(t, both.Failed(), formatted(both.Diagnostics, dir))
		require.Len(t, both.Files, 2)
		assert.Equal(t, string(both.Files[0].New), string(alone.Files[0].New), "%q", content)
	}
}

// CRLF line ends, as git may check them out on Windows, are no change.
func TestLineEnds(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	write(t, filepath.Join(dir, "a.go"), fmt.Sprintf(annotated, "a"))
	result := run(t, dir, ".")
	require.Len(t, result.Files, 1)
	write(t, filepath.Join(dir, gen.OutputName), strings.ReplaceAll(string(result.Files[0].New), "\n", "\r\n"))
	result = run(t, dir, ".")
	require.Len(t, result.Files, 1)
	assert.Equal(t, gen.Unchanged, result.Files[0].Change())
}
