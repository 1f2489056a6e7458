//go:build !unix

package main

import "errors"

// freeze fails where processes cannot be stopped.
func (*jobProcess) freeze() error { return errors.ErrUnsupported }

func (*jobProcess) thaw() error { return errors.ErrUnsupported }
