package state

import (
	_ "embed"
	"strconv"

	"github.com/typedstate/typedstate/internal/exec"
)

//go:embed announce.lua
var announceSource string

var announceScript = exec.NewScript(announceSource)

// announced returns what runs a command with those arguments after the key and, if
// it changes the key, announces it in the same step. The reply is the command's.
// One more command after the write would be lost with the connection between the
// two, and nobody would know of the change.
func announced(key redisKey, w word, command string, args ...any) exec.Command {
	return announceScript.Write([]string{key.String()}, append([]any{w.head() + " " + strconv.FormatInt(w.ms, 10), command}, args...)...)
}

// word returns what the change announces, with the time that it sets.
func (c *change) word() word {
	switch {
	case c.action.stores():
		return word{db: c.key.db, state: tokenOf(c.data).String(), ms: c.ms}
	case c.action == actionUnlink:
		return word{db: c.key.db, state: wordAbsent}
	case c.action == actionNone:
		return word{}
	default:
		return word{db: c.key.db, state: wordTTL, ms: c.ms}
	}
}

// announces returns what the change announces besides the time, or "" if that is
// nothing.
func (c *change) announces() string {
	if !c.key.watched || c.action == actionNone {
		return ""
	}
	return c.word().head()
}
