package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// page is what the figures are kept in that take too long for quick.
const page = "performance.md"

// writeSection writes a part of a page and leaves all others as they are. The part without a
// title is what the page begins with.
func writeSection(path, title, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(withSection(string(old), title, text)), 0o644) //nolint:gosec // part of a repository
}

// withSection returns a page with the text of a section, which comes last if it is new.
func withSection(page, title, text string) string {
	const head = "\n## "
	parts := strings.Split(page, head)
	if title == "" {
		parts[0] = text
		return strings.Join(parts, head)
	}
	text = title + "\n\n" + text
	for i, part := range parts[1:] {
		if name, _, _ := strings.Cut(part, "\n"); name == title {
			parts[i+1] = text
			return strings.Join(parts, head)
		}
	}
	return strings.Join(append(parts, text), head)
}
