package main

import (
	"regexp"
	"slices"
)

//go:generate go run ../../cmd/stategen

// Import brings a price list into the shop. It stays with a process that has died for five
// seconds.
//
//state:job import:<source>:<importID> lease=5s keep=1h idle=1h
type Import struct {
	Progress Progress
	Result   Report
}

// Progress is how far it has come.
type Progress struct {
	Rows    int `json:"rows"`
	Skipped int `json:"skipped"`
}

// Report is what has come of it.
type Report struct {
	Imported int `json:"imported"`
	Skipped  int `json:"skipped"`
}

// validID matches the names of imports that a page may ask for. A key takes any text; this
// only keeps addresses short.
var validID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// valid reports whether there can be an import of that key.
func valid(key ImportJobKey) bool {
	return slices.Contains(sources, key.Source) && validID.MatchString(key.ImportID)
}
