// Package other declares structs that those of package codectest hold.
package other

// Exported has fields that its package promotes from a type that others cannot
// name.
type Exported struct {
	unexported
	Own  int64 `json:"otherOwn"`
	Kind Kind  `json:"otherKind"`
}

type unexported struct {
	Promoted string `json:"promoted"`
	Level    int    `json:"otherLevel"`
}

// Kind is a named string.
type Kind string

// Hiding has a field that cannot be reached by its name: another one hides it.
type Hiding struct {
	covered
	Name string `json:"name"`
}

type covered struct {
	Name string `json:"coveredName"`
}

// Holder has an exported field of a type without an exported name.
type Holder struct {
	Secret secret `json:"secret"`
	Open   Plain  `json:"open"`
}

type secret struct {
	Code int `json:"code"`
}

// Plain is a struct of this package.
type Plain struct {
	N    int64             `json:"n"`
	Tags map[string]string `json:"tags"`
}

// Pair is generic.
type Pair[A, B any] struct {
	First  A `json:"first"`
	Second B `json:"second"`
}
