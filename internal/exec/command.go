package exec

import "strings"

// Command is a command for Redis: its name and arguments. The second argument of
// a command that has keys is a key.
type Command struct {
	kind   kind
	name   string // in lower case
	script *Script
	args   []any // of a general command, the name included; of a prepared one those that come last
	// prepared has the other arguments of a prepared command.
	prepared *Prepared

	// Of a GET and a SET, which are made most often and so without boxes for
	// their arguments. Key is that of a prepared command too.
	prefix, key string // together they are the key
	data        []byte
	set         SetOptions

	write  bool
	again  bool // a write that has its effect once, however often it is sent
	once   bool // not sent again whatever happens
	option bool // not sent again where the server refuses it
	// expected is about how many bytes the reply has, if that is known.
	expected int
}

// kind says which of a Command's fields are in use.
type kind uint8

const (
	general kind = iota
	get
	set
	prepared
)

// SetOptions are the options of SET.
type SetOptions struct {
	// Milliseconds is how long the value lives; 0 is for ever.
	Milliseconds int64
	// If is the condition, "NX" or "XX", or "" for none.
	If string
	// Old has the reply be what was stored before.
	Old bool
}

// Read returns a command that changes nothing that matters if it is repeated. The
// name comes first.
func Read(args ...any) Command { return Command{name: nameOf(args), args: args} }

// Write returns a command that is sent again only on proof that it was not
// executed. The name comes first.
func Write(args ...any) Command { return Command{name: nameOf(args), args: args, write: true} }

func nameOf(args []any) string { return strings.ToLower(args[0].(string)) }

// Get returns the read of one string.
func Get(key string) Command { return GetUnder("", key) }

// GetUnder is [Get] for the key that prefix and key are together, which costs less
// than to put them together.
func GetUnder(prefix, key string) Command {
	return Command{kind: get, name: "get", prefix: prefix, key: key}
}

// SetUnder returns the write of one string, at the key that prefix and key are
// together. Nobody may change data before a [Reply] says so.
func SetUnder(prefix, key string, data []byte, o SetOptions) Command {
	return Command{kind: set, name: "set", prefix: prefix, key: key, data: data, set: o, write: true}
}

// Once returns the command to be sent once, whatever comes of it.
func (c Command) Once() Command { c.once = true; return c }

// Optional returns the command to be sent again only if its connection breaks,
// and not if the server is not ready for it.
func (c Command) Optional() Command { c.option = true; return c }

// Expecting returns the command with a word on the reply: about how many bytes it
// will have. What is large shares no round trip with what is small.
func (c Command) Expecting(bytes int) Command { c.expected = bytes; return c }

// Writes reports whether the command was made as a write.
func (c *Command) Writes() bool { return c.write }

// routingKey returns the key that says where in a Cluster the command goes, or "".
func (c *Command) routingKey() string {
	if c.kind != general {
		return c.prefix + c.key
	}
	at := 1
	if c.script != nil {
		at = 3
	}
	if at >= len(c.args) {
		return ""
	}
	key, _ := c.args[at].(string)
	return key
}

// size returns about how many bytes the command takes on the wire.
func (c *Command) size() int {
	size := len(c.prefix) + len(c.key) + len(c.data)
	if c.kind == prepared {
		size += c.prepared.size
	}
	for _, arg := range c.args {
		switch arg := arg.(type) {
		case string:
			size += len(arg)
		case []byte:
			size += len(arg)
		default:
			size += 8
		}
	}
	return size
}
