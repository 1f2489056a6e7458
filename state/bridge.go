package state

import (
	"context"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/internal/listen"
)

func init() { //nolint:gochecknoinits // the packages beside this one cannot be imported by it
	bridge.Host.Family = func(t *keyspec.Template) any { return &family{template: t} }
	bridge.Host.Name = func(f any, parts []any) string { return f.(*family).name(parts) }
	bridge.Host.Begin = func(ctx context.Context, store any, c bridge.Call) bridge.Operation {
		f, _ := c.Family.Inner().(*family)
		o := begin(ctx, targetOf(store), c.Name, f, c.Keys, permission(c.Needs))
		return &bridged{o}
	}
	bridge.Host.Encode = func(store any, c bridge.Codec, v any) ([]byte, error) {
		return encode(c, nil, v, store.(*Store).options.MaxValueBytes)
	}
	bridge.Host.Decode = func(store any, c bridge.Codec, data []byte, v any) error {
		return decode(c, data, v, store.(*Store).options.MaxValueBytes)
	}
	bridge.Host.Hub = func(store any) *listen.Hub { return store.(*Store).hub }
}

// bridged is an operation of another package.
type bridged struct{ operation }

func (b *bridged) Err() error               { return b.err }
func (b *bridged) Context() context.Context { return b.ctx }
func (b *bridged) Closed() bool             { return b.store.closed.Load() }
func (b *bridged) Client() *exec.Client     { return b.exec() }

func (b *bridged) Allows(p bridge.Permission) bool {
	return b.store.options.check(permission(p)) == nil
}

func (b *bridged) Key(name string) (string, error) {
	key, err := b.store.fullName(ref{b.family, name})
	return key.String(), err
}

func (b *bridged) Cause(err error, write bool) error {
	if write {
		return writeCause(b.ctx, err)
	}
	return cause(b.ctx, err)
}

func (b *bridged) Label(key string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: b.name, Family: b.template(), Err: err, key: key}
}

func (b *bridged) End(err error) error { return b.endWith(err) }
