package corpus

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/typedstate/typedstate/bench/internal/suite"
)

// Corpus is a directory with a module for each program and size.
type Corpus struct {
	tools Tools
	dir   string
}

// New returns an empty corpus.
func New(tools Tools) (*Corpus, error) {
	dir, err := os.MkdirTemp("", "typedstate-corpus-")
	if err != nil {
		return nil, err
	}
	// The programs print and compare paths as the go command does.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	return &Corpus{tools, dir}, nil
}

// Close removes it.
func (c *Corpus) Close() error { return os.RemoveAll(c.dir) }

// Sides are ways to generate the code for n structs. Each run finds a package
// without generated code.
func (c *Corpus) Sides(n int) []suite.Side {
	msgp := []string{"-file=" + sourceFile, "-o=" + msgpFile, "-tests=false"}
	return []suite.Side{
		c.side(suite.Ours, n, program{c.tools.Stategen, nil, "state_gen.go", "func Session%dKey("}),
		// What stategen makes has no part that reads and writes streams.
		c.side("msgp", n, program{c.tools.Msgp, append(msgp, "-io=false"), msgpFile, "func (z *Session%d) UnmarshalMsg("}),
		c.side("msgp_with_io", n, program{c.tools.Msgp, msgp, msgpFile, "func (z *Session%d) DecodeMsg("}),
	}
}

const (
	sourceFile = "corpus.go"
	msgpFile   = "msgp_gen.go"
)

func (c *Corpus) side(name string, n int, p program) suite.Side {
	dir := filepath.Join(c.dir, fmt.Sprintf("%s-%d", name, n))
	work := run{program: p, dir: dir}
	return suite.Side{Name: name, Work: work, Check: func() error {
		if err := c.write(dir, n); err != nil {
			return err
		}
		// It also fills the go command's cache, as every later run finds it.
		if _, err := work.Block(0); err != nil {
			return err
		}
		code, err := os.ReadFile(filepath.Join(dir, p.output))
		if err != nil {
			return err
		}
		for i := range n {
			if want := fmt.Sprintf(p.wants, i); !bytes.Contains(code, []byte(want)) {
				return fmt.Errorf("%s has no %s", p.output, want)
			}
		}
		return nil
	}}
}

// write writes a module of n structs. Its requirements are those of the checkout,
// so that the go command has nothing to look up.
func (c *Corpus) write(dir string, n int) error {
	mod, err := os.ReadFile(filepath.Join(c.tools.checkout, "go.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(c.tools.checkout, "go.sum"))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(mod), "\n")
	module := "module example.com/corpus\n" + rest +
		"\nrequire github.com/typedstate/typedstate v0.0.0\n\nreplace github.com/typedstate/typedstate => " + c.tools.checkout + "\n"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, content := range map[string]string{"go.mod": module, "go.sum": string(sum), sourceFile: source(n)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
