package model

// The limits are never reached, so that each call is counted.

// Bucketed is counted by one bucket.
//
//state:limit bucket:<userID> bucket=1000000000/1m
type Bucketed struct{}

// Windowed is counted by one window.
//
//state:limit window:<userID> window=1000000000/1m
type Windowed struct{}

// Doubled is counted by both.
//
//state:limit doubled:<userID> bucket=1000000000/1m window=10000000000/1h
type Doubled struct{}
