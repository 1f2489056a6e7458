package keyspec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/keyspec"
)

func TestParseAcceptsTheGrammar(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"session",
		"session:<userID>",
		"user:<id:int64>:cart",
		"v1.2_x-y:<a:bool>:<b:uint8>",
		"cart:{<tenant>}:<item:shop.ItemID>",
		"cart:{<tenant>:<item>}",
		"{cart:<tenant>}:x",
		"{cart}:<tenant>",
		"file:<id:[16]byte>",
		"kind:<type>:<range:int>",
		"a:<größe>",
		"_x:<y>",
	} {
		tmpl, err := keyspec.Parse(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, text, tmpl.String())
		}
	}
}

func TestParseLeavesOutTheDefaultType(t *testing.T) {
	t.Parallel()
	tmpl, err := keyspec.Parse("session:<userID:string>")
	require.NoError(t, err)
	assert.Equal(t, "session:<userID>", tmpl.String())
}

func TestParseSaysWhereAndWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		offset int
		reason string
	}{
		"":                        {0, "empty segment"},
		"a::b":                    {2, "empty segment"},
		"a:":                      {2, "empty segment"},
		":a":                      {0, "empty segment"},
		"<id>":                    {0, "begins with a parameter"},
		"{<id>}:a":                {1, "begins with a parameter"},
		"a:<id":                   {2, `unclosed "<"`},
		"a:<>":                    {3, `"" is not a parameter name`},
		"a:<_>":                   {3, `"_" is not a parameter name`},
		"a:<1x>":                  {3, `"1x" is not a parameter name`},
		"a:<x y>":                 {3, `"x y" is not a parameter name`},
		"a:<x\ny>":                {3, `"x\ny" is not a parameter name`},
		"a:<id:>":                 {6, `"" is not the type`},
		"a:<id:float64>":          {6, `"float64" is not the type`},
		"a:<id:any>":              {6, `"any" is not the type`},
		"a:<id:uintptr>":          {6, `"uintptr" is not the type`},
		"a:<id:*T>":               {6, `"*T" is not the type`},
		"a:<id:p.q.T>":            {6, `"p.q.T" is not the type`},
		"a:<id:[]byte>":           {6, `"[]byte" is not the type`},
		"a:<x>:b:<x>":             {9, `parameter "x" stands twice`},
		"a:<x>b":                  {5, `'b' cannot stand here`},
		"a:b<x>":                  {3, `'<' cannot stand here`},
		"a b":                     {1, `' ' cannot stand here`},
		"a:*":                     {2, `'*' is not allowed in a literal`},
		"a:%20":                   {2, `'%' is not allowed in a literal`},
		"a:~b":                    {2, `'~' is not allowed in a literal`},
		"a:\u2028":                {2, `'\u2028' is not allowed in a literal`},
		"a:\xff":                  {2, `byte 0xff is not allowed in a literal`},
		"a:__lock":                {2, `literals that begin with "__"`},
		"__a":                     {0, `literals that begin with "__"`},
		"a:{<x>}:{<y>}":           {8, `second "{"`},
		"a:{{<x>}}":               {3, `'{' is not allowed in a literal`},
		"a:{<x>":                  {2, `unclosed "{"`},
		"a:<x>}":                  {5, `"}" without "{"`},
		"a:{}":                    {3, "empty segment"},
		"a:{b:}":                  {5, "empty segment"},
		"a}{b":                    {1, `"}" without "{"`},
		strings.Repeat("a", 4097): {0, "longer than 4096 bytes"},
		"a:<x>:<y:int65.>":        {9, `"int65." is not the type`},
	} {
		_, err := keyspec.Parse(text)
		var syntax *keyspec.SyntaxError
		if assert.ErrorAs(t, err, &syntax, "%q", text) {
			assert.Equal(t, want.offset, syntax.Offset, "%q: %v", text, err)
			assert.Contains(t, syntax.Reason, want.reason, "%q", text)
		}
	}
}

func TestParamsSayNameTypeKindAndPlace(t *testing.T) {
	t.Parallel()
	tmpl, err := keyspec.Parse("a:<x>:{<type:int64>:<z:shop.ID>}")
	require.NoError(t, err)
	assert.Equal(t, []keyspec.Param{
		{Name: "x", Type: "string", Kind: keyspec.String, Offset: 2, TypeOffset: 2},
		{Name: "type", Type: "int64", Kind: keyspec.Int64, Offset: 7, TypeOffset: 13},
		{Name: "z", Type: "shop.ID", Kind: keyspec.Opaque, Offset: 20, TypeOffset: 23},
	}, tmpl.Params())
	assert.Equal(t, []string{"a:", ":{", ":", "}"}, tmpl.Literals())
}

func FuzzParseNeverPanicsAndRoundTrips(f *testing.F) {
	for _, text := range []string{"session:<userID>", "a:{<x:int>}:<y:[16]byte>", "a:<", "{a", "\x00", "a:<x:y.z>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := keyspec.Parse(text)
		if err != nil {
			var syntax *keyspec.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text) {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		again, err := keyspec.Parse(tmpl.String())
		if err != nil || again.String() != tmpl.String() {
			t.Fatalf("%q became %q: %v", text, tmpl, err)
		}
		assert.Equal(t, tmpl.Literals(), again.Literals())
	})
}
