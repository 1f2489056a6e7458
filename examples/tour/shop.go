package main

import "time"

//go:generate go run ../../cmd/stategen

// Session is the shopping session of one user.
//
//state:key session:<userID> ttl=30m watch
type Session struct {
	Cart      []Item    `json:"cart"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Item is one line of a cart.
type Item struct {
	SKU   string `json:"sku"`
	Count int    `json:"count"`
}

// ResumePoint is how far a worker has come with a topic.
//
//state:key resume:<topic>:<partition:uint32> persist="a worker resumes from it after any time"
type ResumePoint struct {
	Offset int64 `json:"offset,string"`
}

// Token lets its holder in once.
//
//state:key token:<id> ttl=5m codec=msgpack
type Token struct {
	UserID string `json:"userId"`
}

// Calls are what a user may do: 3 calls in any minute, and 10 in an hour with all of them at once.
//
//state:limit calls:<userID> window=3/1m bucket=10/1h
type Calls struct{}

// Export writes the orders of a month to a file.
//
//state:job export:<month> keep=10m
type Export struct {
	Progress ExportProgress
	Result   ExportFile
}

// ExportProgress is how far an export has come.
type ExportProgress struct {
	Orders int `json:"orders"`
}

// ExportFile is what has come of an export.
type ExportFile struct {
	Name string `json:"name"`
}
