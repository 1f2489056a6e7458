// Package codectest holds structs of every shape that a generated codec has to
// know, one file for each feature, together with the code that stategen makes of
// them. Its tests compare that code with the library codecs: no value and no
// document may tell them apart.
package codectest
