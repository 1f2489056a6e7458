package main

import (
	"context"
	"errors"
	"io"

	"github.com/typedstate/typedstate/bench/internal/corpus"
	"github.com/typedstate/typedstate/bench/internal/peer"
	"github.com/typedstate/typedstate/bench/internal/server"
)

// bench is one run of a command. What it needs is started when it is asked for.
type bench struct {
	options

	ctx      context.Context
	out      io.Writer
	server   *server.Server
	clients  *peer.Env
	packages *corpus.Corpus
}

// env returns clients of a Redis that ends with the run.
func (b *bench) env() (_ *peer.Env, err error) {
	if b.clients != nil {
		return b.clients, nil
	}
	if b.server, err = server.Start(); err != nil {
		return nil, err
	}
	b.clients, err = peer.Dial(b.ctx, b.server.Addr)
	return b.clients, err
}

// corpus returns packages to generate code for.
func (b *bench) corpus() (_ *corpus.Corpus, err error) {
	if b.packages != nil {
		return b.packages, nil
	}
	tools, err := corpus.Build(b.ctx)
	if err != nil {
		return nil, err
	}
	b.packages, err = corpus.New(tools)
	return b.packages, err
}

// close ends what was started, the last first.
func (b *bench) close() error {
	var errs []error
	if b.packages != nil {
		errs = append(errs, b.packages.Close())
	}
	if b.clients != nil {
		errs = append(errs, b.clients.Close())
	}
	if b.server != nil {
		errs = append(errs, b.server.Close())
	}
	return errors.Join(errs...)
}
