//go:build !unix

package main

import "errors"

// freeze fails where processes cannot be stopped.
func (*jobProcess) freeze() (thaw func() error, err error) { return nil, errors.ErrUnsupported }
