// Package table writes tables, as text in columns that is Markdown at the same
// time.
package table

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is a head and rows of as many cells. All columns but the first are
// aligned to the right, as they hold figures.
type Table struct {
	Head []string
	Rows [][]string
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Write writes the table.
func (t *Table) Write(w io.Writer) error {
	widths := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		if len(row) != len(t.Head) {
			return fmt.Errorf("a row of %d cells in a table of %d columns", len(row), len(t.Head))
		}
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	line(&b, widths, t.Head)
	b.WriteString("|")
	for i, width := range widths {
		if i == 0 {
			b.WriteString(strings.Repeat("-", width+2) + "|")
		} else {
			b.WriteString(strings.Repeat("-", width+1) + ":|")
		}
	}
	b.WriteString("\n")
	for _, row := range t.Rows {
		line(&b, widths, row)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func line(b *strings.Builder, widths []int, cells []string) {
	b.WriteString("|")
	for i, cell := range cells {
		padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i == 0 {
			b.WriteString(" " + cell + padding + " |")
		} else {
			b.WriteString(" " + padding + cell + " |")
		}
	}
	b.WriteString("\n")
}
