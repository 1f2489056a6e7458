// Package model is what is stored in the benchmarks: a session of about a
// kilobyte of JSON, and a value so small that only what is done per value counts.
//
// This SDK's accessors are in state_gen.go, the methods of tinylib/msgp in
// msgp_gen.go. Both are generated: go generate ./...
package model

import "time"

//go:generate go tool stategen
//go:generate go tool msgp -file=$GOFILE -o=msgp_gen.go -io=false -tests=false

//msgp:tag json

// Session is the shopping session of one user, with a field of each kind that
// such structs have.
//
//state:key session:<userID> ttl=30m
//state:key packed:<userID> ttl=30m codec=msgpack name=Packed
type Session struct {
	UserID    string            `json:"userId"`
	Email     string            `json:"email"`
	Locale    string            `json:"locale"`
	CreatedAt time.Time         `json:"createdAt"`
	Visits    int               `json:"visits"`
	Revision  uint32            `json:"revision"`
	Verified  bool              `json:"verified"`
	Total     float64           `json:"total"`
	Cart      []Item            `json:"cart"`
	Tags      []string          `json:"tags"`
	Labels    map[string]string `json:"labels"`
	Address   Address           `json:"address"`
}

// Item is one line of a cart.
type Item struct {
	SKU   string  `json:"sku"`
	Title string  `json:"title"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

// Address is where to send it.
type Address struct {
	Street  string `json:"street"`
	City    string `json:"city"`
	Zip     string `json:"zip"`
	Country string `json:"country"`
}

// Presence is what a user was last seen doing.
//
//state:key presence:<userID> ttl=30m
//state:key packedpresence:<userID> ttl=30m codec=msgpack name=PackedPresence
type Presence struct {
	UserID string `json:"userId"`
	Room   int    `json:"room"`
	Online bool   `json:"online"`
}
