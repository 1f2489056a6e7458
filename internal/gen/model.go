package gen

import (
	"time"

	"github.com/typedstate/typedstate/internal/jobspec"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/internal/limitspec"
)

// Model is all that the generated file of one package says, as plain data.
type Model struct {
	// Package is the name of the package, Dir its directory.
	Package, Dir string
	// Imports are the imports of the file, by path.
	Imports []Import
	// State, RT, Context, Time, Iter, RateLimit and Jobs are the names under which the
	// file knows these packages; Context is empty where there are no values, Time
	// where nothing expires, Iter where nothing is walked over or watched,
	// RateLimit where nothing is limited, and Jobs where there are none.
	State, RT, Context, Time, Iter, RateLimit, Jobs string

	Families     []Family
	Limiters     []Limiter
	Trackers     []Tracker
	Codecs       []Codec
	Locals       Locals
	Parts        []Part
	Guards       []Guard
	MethodGuards []MethodGuard
	// Notes are remarks for stategen -v.
	Notes []string

	places []place
}

// Import is one import of the generated file.
type Import struct {
	Path string
	// Name is the name in the file, Alias the same if the import has to say it.
	Name, Alias string
}

// Family is one annotated struct with one of its templates.
type Family struct {
	// Type is the name of the struct.
	Type  string
	Names Names
	// Template is the template as keyspec writes it, Literals the text around
	// its parameters.
	Template string
	Literals []string
	Params   []Param

	TTL, Max             time.Duration
	Persist              string
	Jitter               int // percent
	Sliding, Watch, Scan bool
	// Codec is the expression for its codec, "" for the default.
	Codec string
}

// Names are the package-level names of a family's declarations.
type Names struct {
	Key, Reader, NewReader, Store, NewStore, Params, Family string
	// Filter and Parse are those of a family that is walked over.
	Filter, Parse string
}

// Limiter is the limits of one template.
type Limiter struct {
	Names LimiterNames
	// Template and Literals are as those of a [Family].
	Template string
	Literals []string
	Params   []Param
	Limits   []limitspec.Limit
}

// LimiterNames are the package-level names of a limiter's declarations.
type LimiterNames struct{ Limiter, NewLimiter, Subject, Limits string }

// Tracker is the jobs of one template.
type Tracker struct {
	Names TrackerNames
	// Template and Literals are as those of a [Family].
	Template string
	Literals []string
	Params   []Param
	// Spec is what the directive says, without defaults.
	Spec jobspec.Spec
	// Progress and Result are the types as the generated file writes them.
	Progress, Result string
	// ProgressCodec and ResultCodec are as the Codec of a [Family].
	ProgressCodec, ResultCodec string
}

// TrackerNames are the package-level names of a tracker's declarations.
type TrackerNames struct{ Tracker, NewTracker, Run, Status, Key, Jobs string }

// Param is one parameter of a template.
type Param struct {
	// Name is its name in Go; Plural is the name of several.
	Name, Plural string
	// Field is its name in the struct of all parameters and among the methods
	// of the filter.
	Field string
	// Type is its type as the generated file writes it.
	Type string
	Kind keyspec.Kind
	// Convert has its value converted to the basic type of its kind.
	Convert bool
	// Address has its address marshalled, as its MarshalText needs a pointer.
	Address bool
}

// Part is a type of parameters that is converted to the basic type of its kind.
type Part struct {
	Type string
	Kind keyspec.Kind
}

// Guard is a struct type with the fields that it had when the file was
// generated.
type Guard struct {
	// Name says what has happened when the guard does not compile.
	Name string
	// Type is the type and Struct its fields, as the generated file writes them.
	Type, Struct string
}

// MethodGuard is a type without methods with which it would encode itself in a format.
type MethodGuard struct {
	// Name says what has happened when the guard does not compile.
	Name string
	// Format is JSON or Msgpack, as the names of package rt have it.
	Format string
	// Type is the type as the generated file writes it.
	Type string
}
