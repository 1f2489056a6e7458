// Package chart draws how figures change with a number that grows by factors,
// as an SVG that can be read on light and on dark pages.
package chart

import "math"

// Chart is panels beside each other, which share their axes, their legend and
// their scale.
type Chart struct {
	Title string
	// X are the numbers below the axis, at least two of them and rising; they lie
	// as far apart as their logarithms do.
	X      []int
	XLabel string
	YLabel string
	Panels []Panel
}

// Panel is one diagram. All panels have the same series in the same order.
type Panel struct {
	Title  string
	Series []Series
}

// Series is one line, with a value for each X.
type Series struct {
	Name   string
	Values []float64
}

// top returns the end of the y axis, which begins at 0, and how far its ticks
// are apart: a round number, such that there are four to ten of them.
func (c Chart) top() (top, step float64) {
	greatest := 0.0
	for _, p := range c.Panels {
		for _, s := range p.Series {
			for _, v := range s.Values {
				greatest = max(greatest, v)
			}
		}
	}
	if greatest <= 0 {
		return 1, 0.25
	}
	step = math.Pow(10, math.Floor(math.Log10(greatest)))
	for _, part := range []float64{1, 0.5, 0.2, 0.1} {
		if greatest/(step*part) >= 4 {
			step *= part
			break
		}
	}
	return math.Ceil(greatest/step) * step, step
}
