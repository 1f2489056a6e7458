// Package gen is the generator behind stategen. It reads the //state:key
// directives of a module and writes one state_gen.go for each package that has
// any: constructors of keys, and readers and stores of their values.
//
// [Run] does one run: it loads the packages, analyses each, compares all key
// templates with each other, and returns the files as they should be together
// with everything that is wrong. Nothing is written before [Result.Apply], and
// that refuses as long as there is an error. [Analyze] and [Emit] are the pure
// parts in between.
//
// The generated file is never read, only replaced: it can be missing, empty or
// full of conflict markers, and the packages need not compile without it.
package gen
