//go:build unix

package main

import "syscall"

// freeze has the process stand still until it is thawed.
func (p *jobProcess) freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

func (p *jobProcess) thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }
