package codectest

// Recursive holds itself in every way.
//
//state:key codectest-recursive:<id> ttl=1m
//state:key codectest-recursive-pack:<id> ttl=1m codec=msgpack name=RecursivePack
type Recursive struct {
	Name  string                 `json:"name"`
	Next  *Recursive             `json:"next"`
	Many  []Recursive            `json:"many"`
	Named map[string]Recursive   `json:"named"`
	Ptrs  map[int8]*[]*Recursive `json:"ptrs"`
	Pong  *Pong                  `json:"pong"`
	Tree  Tree                   `json:"tree"`
	Under struct {
		Up *Recursive `json:"up"`
	} `json:"under"`
}

// Pong and Recursive hold each other.
type Pong struct {
	Ping *Recursive `json:"ping"`
	N    int        `json:"n"`
}

// Tree holds itself without a struct.
type Tree []Tree
