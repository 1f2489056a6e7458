package exec

import (
	"crypto/sha1" //nolint:gosec // Redis names scripts by their SHA-1
	"encoding/hex"
)

// Script is a Lua script that Redis runs as one atomic step. It names each key
// in KEYS, so that it can run on a Cluster and under an ACL. A Client sends its
// digest, and its source only to a server that does not know it, which proves
// that nothing ran.
type Script struct {
	source, digest string
}

// NewScript returns the script with that source. So that an error tells whether
// the script has written, it must hand on the error of its first write as
// redis.pcall returns it, and may raise those of later ones.
func NewScript(source string) *Script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // as above
	return &Script{source: source, digest: hex.EncodeToString(sum[:])}
}

// Read returns the command that runs s where it may write nothing, which a user
// who may only read is allowed to, and a replica too.
func (s *Script) Read(keys []string, args ...any) Command {
	return s.command("evalsha_ro", keys, args, false)
}

// ReadPrimary is [Script.Read] on the primary alone, for what the next write will
// be compared with.
func (s *Script) ReadPrimary(keys []string, args ...any) Command {
	return s.command("evalsha", keys, args, false)
}

// Write returns the command that runs s, once.
func (s *Script) Write(keys []string, args ...any) Command {
	return s.command("evalsha", keys, args, true)
}

// Idempotent is [Script.Write] for a script that has its effect once, however often it runs with
// those arguments. It is sent again as a read is, and if it fails, whether it was executed by
// any of the attempts is what [NotExecuted] tells.
func (s *Script) Idempotent(keys []string, args ...any) Command {
	c := s.Write(keys, args...)
	c.again = true
	return c
}

func (s *Script) command(name string, keys []string, args []any, write bool) Command {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, name, s.digest, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return Command{name: name, args: append(all, args...), script: s, write: write}
}

// Prepared is calls of a script on one key whose first arguments are always the same.
type Prepared struct {
	script *Script
	args   []any // with room for the key
	size   int   // about how many bytes they take on the wire
}

// Prepare returns the calls of s with those first arguments.
func (s *Script) Prepare(args ...any) *Prepared {
	c := s.command("evalsha", []string{""}, args, false)
	return &Prepared{s, c.args, c.size()}
}

// ReadPrimary is [Script.ReadPrimary] with what comes after the first arguments.
func (p *Prepared) ReadPrimary(key string, more ...any) Command { return p.command(key, more, false) }

// Write is [Script.Write] with what comes after the first arguments.
func (p *Prepared) Write(key string, more ...any) Command { return p.command(key, more, true) }

func (p *Prepared) command(key string, more []any, write bool) Command {
	return Command{kind: prepared, name: "evalsha", key: key, args: more, prepared: p, script: p.script, write: write}
}

// arguments returns all arguments of c, the name included. Nobody else has them if c is
// prepared.
func (c *Command) arguments() []any {
	if c.kind != prepared {
		return c.args
	}
	args := make([]any, 0, len(c.prepared.args)+len(c.args))
	args = append(append(args, c.prepared.args...), c.args...)
	args[3] = c.key
	return args
}

// withSource returns the command that also works where the server does not know
// the script.
func (c Command) withSource() Command {
	args := append([]any(nil), c.arguments()...)
	c.kind = general
	args[1] = c.script.source
	if c.name = "eval"; args[0] == "evalsha_ro" {
		c.name = "eval_ro"
	}
	args[0] = c.name
	c.args = args
	return c
}
