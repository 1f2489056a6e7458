package exec

// Command is a command for Redis: its name and arguments. The second argument of
// a command that has keys is a key.
type Command struct {
	args   []any
	script *Script
	write  bool
	text   bool // the reply is one string
	once   bool // not sent again whatever happens
	option bool // not sent again where the server refuses it
}

// Read returns a command that changes nothing that matters if it is repeated.
func Read(args ...any) Command { return Command{args: args} }

// Get returns a read whose reply is one string, which costs a copy less.
func Get(key string) Command { return Command{args: []any{"GET", key}, text: true} }

// Write returns a command that is sent again only on proof that it was not
// executed.
func Write(args ...any) Command { return Command{args: args, write: true} }

// Once returns the command to be sent once, whatever comes of it.
func (c Command) Once() Command { c.once = true; return c }

// Optional returns the command to be sent again only if its connection breaks,
// and not if the server is not ready for it.
func (c Command) Optional() Command { c.option = true; return c }

// Writes reports whether the command was made as a write.
func (c Command) Writes() bool { return c.write }

// key returns the key that says where in a Cluster the command goes, or "".
func (c *Command) key() string {
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
	size := 0
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
