package chart

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The sizes, in pixels.
const (
	panelWidth  = 340
	panelHeight = 260
	marginLeft  = 64
	marginRight = 20
	marginTop   = 36 // below the legend
	bottom      = 56
	legendRow   = 22
	legendCols  = 3
)

// style has each series in a colour that people with any kind of colour vision
// can tell from the others, on a background of its own, as a page may be dark
// where the reader's system is not.
const style = `
  .page { fill: #ffffff; stroke: #d0d7de; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1; }
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .head { font-weight: 600; font-size: 15px; }
  .tick { font-size: 12px; fill: #57606a; }
  .line { fill: none; stroke-width: 2; }
  .s0 { stroke: #0072b2; color: #0072b2; stroke-width: 3.5; } .s1 { stroke: #56b4e9; color: #56b4e9; stroke-width: 3.5; }
  .s2 { stroke: #d55e00; color: #d55e00; } .s3 { stroke: #e69f00; color: #e69f00; }
  .s4 { stroke: #009e73; color: #009e73; } .s5 { stroke: #cc79a7; color: #cc79a7; }
  .dot { fill: currentColor; stroke: none; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d; }
    .grid { stroke: #21262d; }
    .axis { stroke: #8b949e; }
    text { fill: #e6edf3; }
    .tick { fill: #9198a1; }
    .s0 { stroke: #4aa8e8; color: #4aa8e8; } .s1 { stroke: #a5d8ff; color: #a5d8ff; }
  }
`

// colours is how many series have a colour of their own.
const colours = 6

// WriteSVG writes the chart.
func (c Chart) WriteSVG(w io.Writer) error {
	if err := c.valid(); err != nil {
		return err
	}
	names := c.Panels[0].Series
	legend := (len(names) + legendCols - 1) / legendCols * legendRow
	width := len(c.Panels)*(marginLeft+panelWidth+marginRight) + marginRight
	height := 44 + legend + marginTop + panelHeight + bottom

	d := &drawing{}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`,
		width, height, width, height, html.EscapeString(c.Title))
	d.add(`<style>%s</style>`, style)
	d.add(`<rect class="page" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>`, width-1, height-1)
	d.text("head", "start", marginRight, 28, c.Title)
	for i, s := range names {
		x, y := float64(marginRight+i%legendCols*((width-2*marginRight)/legendCols)), float64(52+i/legendCols*legendRow)
		d.add(`<path class="line s%d" d="M%g %gh26"/>`, i, x, y-4)
		d.dot(i, x+13, y-4)
		d.text("", "start", x+34, y, s.Name)
	}
	for i, p := range c.Panels {
		d.panel(c, p, float64(i*(marginLeft+panelWidth+marginRight)+marginLeft), float64(44+legend+marginTop))
	}
	d.add(`</svg>`)
	_, err := w.Write(d.Bytes())
	return err
}

func (c Chart) valid() error {
	if len(c.X) < 2 || len(c.Panels) == 0 {
		return fmt.Errorf("a chart of %d panels over %d numbers", len(c.Panels), len(c.X))
	}
	for _, p := range c.Panels {
		if len(p.Series) > colours || len(p.Series) != len(c.Panels[0].Series) {
			return fmt.Errorf("panel %s has %d series", p.Title, len(p.Series))
		}
		for _, s := range p.Series {
			if len(s.Values) != len(c.X) {
				return fmt.Errorf("series %s has %d values for %d numbers", s.Name, len(s.Values), len(c.X))
			}
		}
	}
	return nil
}

// x returns how far right of the y axis the i-th number lies.
func (c Chart) x(i int) float64 {
	first, last := float64(c.X[0]), float64(c.X[len(c.X)-1])
	const inset = 14
	share := math.Log(float64(c.X[i])/first) / math.Log(last/first)
	return math.Round(inset + share*(panelWidth-2*inset))
}

// drawing is the elements so far.
type drawing struct{ bytes.Buffer }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) text(class, anchor string, x, y float64, text string) {
	d.add(`<text class="%s" text-anchor="%s" x="%g" y="%g">%s</text>`, class, anchor, x, y, html.EscapeString(text))
}

// dot draws the mark of a series, of which two do not rely on colour alone: those
// of even number are round, the others square.
func (d *drawing) dot(series int, x, y float64) {
	if series%2 == 0 {
		d.add(`<circle class="s%d dot" cx="%g" cy="%g" r="4"/>`, series, x, y)
	} else {
		d.add(`<rect class="s%d dot" x="%g" y="%g" width="7" height="7"/>`, series, x-3.5, y-3.5)
	}
}

// panel draws a panel whose plot has its upper left corner at left, above.
func (d *drawing) panel(c Chart, p Panel, left, above float64) {
	top, step := c.top()
	y := func(v float64) float64 { return math.Round((above+panelHeight*(1-v/top))*10) / 10 }
	d.text("head", "start", left, above-16, p.Title)
	for v := 0.0; v <= top+step/2; v += step {
		class := "grid"
		if v == 0 {
			class = "axis"
		}
		d.add(`<path class="%s" d="M%g %gh%d"/>`, class, left, y(v), panelWidth)
		d.text("tick", "end", left-8, y(v)+4, strconv.FormatFloat(v, 'g', 6, 64))
	}
	for i, n := range c.X {
		d.add(`<path class="axis" d="M%g %gv5"/>`, left+c.x(i), above+panelHeight)
		d.text("tick", "middle", left+c.x(i), above+panelHeight+20, strconv.Itoa(n))
	}
	d.text("", "middle", left+panelWidth/2, above+panelHeight+42, c.XLabel)
	if left == marginLeft {
		d.add(`<text text-anchor="middle" transform="translate(16 %g) rotate(-90)">%s</text>`,
			above+panelHeight/2, html.EscapeString(c.YLabel))
	}
	// The first series comes last, and so on top.
	for i, s := range slices.Backward(p.Series) {
		var path strings.Builder
		for j, v := range s.Values {
			fmt.Fprintf(&path, "%c%g %g", "ML"[min(j, 1)], left+c.x(j), y(v))
		}
		d.add(`<path class="line s%d" d="%s"/>`, i, path.String())
		for j, v := range s.Values {
			d.dot(i, left+c.x(j), y(v))
		}
	}
}
