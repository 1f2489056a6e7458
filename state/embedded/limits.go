package embedded

// Limit is one thing that a redis-server 7.0 does and a [Server] does not, or
// does in another way.
type Limit struct {
	Feature string // what it is about, in a few words
	Detail  string // what happens here instead, in a sentence
}

// Limits returns what cannot be tried out on a [Server]. Each entry is
// compared with a real server by the tests of this package.
func Limits() []Limit {
	return []Limit{
		{"persistence", "There is no RDB or AOF file, and SAVE, BGSAVE and LASTSAVE are unknown commands; Close loses all data."},
		{"memory limit", "There is no maxmemory: no write is refused with OOM and no key is evicted."},
		{"users and permissions", "ACL is an unknown command; every client may do everything without a password."},
		{"Cluster", "There is one node and no slots: CLUSTER KEYSLOT always says 163, and no command answers MOVED, ASK or CROSSSLOT."},
		{"replication", "ROLE and REPLICAOF are unknown commands, and WAIT answers 0 at once."},
		{"sharded pub/sub", "SPUBLISH and SSUBSCRIBE are unknown commands."},
		{"keyspace notifications", "No message is published when a key changes or expires."},
		{"many keys", "Every command walks all keys to expire them: with 10,000 it takes milliseconds."},
		{"slow subscribers", "A subscriber that does not read is never disconnected; its messages pile up in memory."},
		{"CONFIG", "CONFIG GET and CONFIG SET are unknown commands."},
		{"INFO sections", "Only clients and stats exist, each with one or two fields."},
		{"CLIENT subcommands", "Only SETNAME and GETNAME exist: no ID, LIST, KILL, NO-EVICT, REPLY or TRACKING."},
		{"OBJECT subcommands", "Only IDLETIME exists: no ENCODING, FREQ or REFCOUNT."},
		{"operator's commands", "SLOWLOG, LATENCY, DEBUG and MONITOR are unknown commands."},
		{"functions", "FUNCTION and FCALL are unknown commands."},
		{"newer commands", "Some commands newer than 7.0 work here and not there, such as HEXPIRE and DELEX."},
		{"SCAN in steps", "COUNT is ignored: one reply holds all matches, and the cursor is always 0."},
		{"rounded TTLs", "TTL and PTTL round down, so that EX 100 is 99 seconds right away, where a real TTL rounds to the nearest."},
		{"centuries of TTL", "A TTL of more than 292 years removes the key at once."},
		{"expiry in the past", "SET with PXAT or EXAT in the past leaves the old deadline behind, which removes the next value of that key too."},
		{"GETEX of another type", "The WRONGTYPE error is there, and the TTL is changed nevertheless."},
		{"contradicting SET options", "NX with XX, and KEEPTTL with PX, are accepted instead of being a syntax error."},
		{"strict integers", "INCR takes texts such as 01 and +1 for integers."},
		{"errors inside scripts", `What redis.call raises arrives as "ERR Error compiling script (new function): :1: ..." and not with its own code; what redis.pcall returns keeps it.`},
		{"numbers as text in scripts", "tostring and .. write whole numbers with all digits, not as 1e+15."},
		{"swapped locals", "In a script, a, b = b, a gives two local variables the value of b both."},
		{"script libraries", "bit, struct, cmsgpack and redis.REDIS_VERSION are missing; cjson is there."},
		{"script flags", "A script that begins with #!lua is a syntax error."},
		{"runaway scripts", "SCRIPT KILL is an unknown subcommand, and a script without end blocks the server for good."},
	}
}
