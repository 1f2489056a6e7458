package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

func sample() Chart {
	return Chart{
		Title: "Reads & writes", X: []int{1, 4, 16, 64, 256}, XLabel: "callers", YLabel: "thousands per second",
		Panels: []Panel{
			{"get", []Series{{"ours <JSON>", []float64{20, 60, 110, 200, 260}}, {"theirs", []float64{21, 50, 70, 80, 64}}}},
			{"set", []Series{{"ours <JSON>", []float64{20, 50, 90, 180, 250}}, {"theirs", []float64{21, 45, 69, 82, 67}}}},
		},
	}
}

func TestSVG(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	texts, dots := "", 0
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		switch token := token.(type) {
		case xml.CharData:
			texts += string(token) + "\n"
		case xml.StartElement:
			for _, a := range token.Attr {
				if a.Name.Local == "cy" {
					dots++
					if y, err := strconv.ParseFloat(a.Value, 64); err != nil || y < 0 || y > 440 {
						t.Errorf("a dot at y = %s", a.Value)
					}
				}
			}
		}
	}
	for _, want := range []string{"Reads & writes", "ours <JSON>", "theirs", "callers", "thousands per second", "256", "get", "set", "300"} {
		if !strings.Contains(texts, "\n"+want+"\n") {
			t.Errorf("there is no text %q", want)
		}
	}
	if dots != 2*5+1 { // of the first series and its mark in the legend
		t.Errorf("%d round dots", dots)
	}
}

func TestPlaces(t *testing.T) {
	c := sample()
	for i := 1; i < len(c.X); i++ {
		if gap := c.x(i) - c.x(i-1); gap < 77 || gap > 79 {
			t.Errorf("%d is %v right of %d", c.X[i], gap, c.X[i-1])
		}
	}
}

func TestTop(t *testing.T) {
	for greatest, want := range map[float64][2]float64{
		260: {300, 50}, 99: {100, 10}, 100: {100, 20}, 450: {500, 100}, 7: {7, 1}, 0.31: {0.35, 0.05}, 0: {1, 0.25},
	} {
		c := Chart{Panels: []Panel{{Series: []Series{{Values: []float64{greatest / 2, greatest}}}}}}
		top, step := c.top()
		if abs(top-want[0]) > 1e-9 || abs(step-want[1]) > 1e-9 {
			t.Errorf("for %v: %v by %v, want %v", greatest, top, step, want)
		}
	}
}

func abs(v float64) float64 { return max(v, -v) }

func TestWhatCannotBeDrawn(t *testing.T) {
	for name, spoil := range map[string]func(*Chart){
		"one number":      func(c *Chart) { c.X = c.X[:1] },
		"no panel":        func(c *Chart) { c.Panels = nil },
		"a missing value": func(c *Chart) { c.Panels[1].Series[0].Values = []float64{1} },
		"a missing line":  func(c *Chart) { c.Panels[1].Series = c.Panels[1].Series[:1] },
	} {
		c := sample()
		spoil(&c)
		if c.WriteSVG(io.Discard) == nil {
			t.Errorf("%s: it was drawn", name)
		}
	}
}
