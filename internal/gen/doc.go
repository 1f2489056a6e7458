// Package gen is the generator behind stategen. It reads the //state:key, //state:limit
// and //state:job directives of a module and writes one state_gen.go for each package
// that has any: constructors of keys, readers and stores of their values, and codecs;
// limiters, which are a few lines on top of package ratelimit; and trackers, which are
// names and types on top of package jobs, and codecs.
//
// [Run] does one run: it loads the packages, analyses each, compares all key
// templates with each other, and returns the files as they should be together
// with everything that is wrong. Nothing is written before [Result.Apply], and
// that refuses as long as there is an error. [Analyze] and [Emit] are the pure
// parts in between.
//
// Codecs are planned on types, with what package strict says about the library
// codecs as the model: planner makes a plan of each struct and a form of each type,
// and leaves to the library what it cannot say as exactly. The plans become plain
// data in [Model], and that becomes code. Package codectest has a struct for every
// rule, and compares the code with the library.
//
// The output is written as gofmt has it, as formatting it would take most of the
// time of a run.
//
// The generated file is never read, only replaced: it can be missing, empty or
// full of conflict markers, and the packages need not compile without it.
package gen
