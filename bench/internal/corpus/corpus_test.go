package corpus

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestSource(t *testing.T) {
	const n = 25
	text := source(n)
	file, err := parser.ParseFile(token.NewFileSet(), "corpus.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	structs := 0
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			structs++
		}
	}
	if structs != n+2 {
		t.Errorf("%d structs and two that they share: %d", n, structs)
	}
	if got := strings.Count(text, "//state:key session"); got != n {
		t.Errorf("%d directives", got)
	}
}
