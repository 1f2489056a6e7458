package gen

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
)

// hasOutput reports whether a directory has a file where our own belongs.
func hasOutput(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, OutputName))
	return err == nil
}

// readOutput returns the generated file at path as it is on disk, nil if there is
// none. Anything there that the generator did not write is reported.
func readOutput(path string, found *diagnostics) []byte {
	at := token.Position{Filename: path, Line: 1, Column: 1}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		found.errorf(at, "%v", err)
		return nil
	case !info.Mode().IsRegular():
		found.errorf(at, "this is no regular file, and stategen writes through none; remove it")
		return nil
	}
	content, err := os.ReadFile(path)
	switch {
	case err != nil:
		found.errorf(at, "%v", err)
	case !isGenerated(content):
		found.errorf(at, "this file was not written by stategen, which needs its name; rename it")
	case content == nil:
		return []byte{}
	}
	return content
}

// stage writes content to a file beside path, to be renamed to it, so that nobody
// sees half of it, and returns its name.
func stage(path string, content []byte) (string, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+OutputName+".*.tmp")
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = temp.Write(content)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Close()); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(temp.Name())))
	}
	return temp.Name(), nil
}
