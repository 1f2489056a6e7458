package exec

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by their SHA-1
	"encoding/hex"

	"github.com/redis/go-redis/v9"
)

// Script is a Lua script that Redis runs as one atomic step. It names each key
// in KEYS, so that it can run on a Cluster and under an ACL.
type Script struct {
	source, digest string
}

// NewScript returns the script with that source.
func NewScript(source string) *Script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // as above
	return &Script{source: source, digest: hex.EncodeToString(sum[:])}
}

// Script runs s on one key, once, and returns its reply, or the error of
// go-redis as it is. It sends EVALSHA, and EVAL if the server does not know the
// script, which proves that nothing ran.
func (c Client) Script(ctx context.Context, s *Script, key string, args ...any) *redis.Cmd {
	cmd := c.Write(ctx, s.command("EVALSHA", s.digest, key, args)...)
	if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
		cmd = c.Write(ctx, s.command("EVAL", s.source, key, args)...)
	}
	return cmd
}

// Script adds s with its source, since a batch cannot ask twice.
func (b *Batch) Script(ctx context.Context, s *Script, key string, args ...any) *redis.Cmd {
	return b.Write(ctx, s.command("EVAL", s.source, key, args)...)
}

func (*Script) command(name, script, key string, args []any) []any {
	return append([]any{name, script, 1, key}, args...)
}
