package exec

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Node is one server that can be subscribed to. Two of one server are equal.
type Node interface {
	// Subscribe returns a subscription that connects with its first command. It
	// sends nothing where no channels are named.
	Subscribe(ctx context.Context, channels ...string) *redis.PubSub
}

// Layout says which node owns a key, as the client has it at one time.
type Layout struct {
	only   Node            // where there is no Cluster
	owners []*redis.Client // of each slot
	nodes  []Node
}

// Owner returns the node that owns the key, and one that owns others if nobody does.
func (l *Layout) Owner(key string) Node {
	if l.only != nil {
		return l.only
	}
	return l.owners[slotOf(key)]
}

// Nodes returns the nodes that own keys, each once.
func (l *Layout) Nodes() []Node { return l.nodes }

// Layout returns the client's present view. It returns old itself where that is
// still right, and sends nothing but for the first look at a Cluster. A slot that
// nobody owns changes nothing, as long as the node it had owns others. The error is
// the one of the look, or of ctx.
func (c *Client) Layout(ctx context.Context, old *Layout) (*Layout, error) {
	if c.topology == nil {
		if old == nil {
			old = &Layout{only: single{c}, nodes: []Node{single{c}}}
		}
		return old, nil
	}
	if err := c.topology.load(ctx); err != nil {
		return nil, err
	}
	return c.topology.layout(ctx, old)
}

// Reload has the client learn who owns what, where there is a Cluster, and returns
// with ctx or after half a second at the latest. Callers share one look.
func (c *Client) Reload(ctx context.Context) {
	if c.topology != nil {
		c.topology.reload(ctx)
	}
}

// Clustered reports whether there is a Cluster.
func (c *Client) Clustered() bool { return c.topology != nil }

// Owner returns the node that owns the key by the client's present view.
func (c *Client) Owner(ctx context.Context, key string) (Node, error) {
	if c.topology == nil {
		return single{c}, nil
	}
	return c.topology.client.MasterForKey(ctx, key)
}

// Switches reports whether commands go to another server as soon as Sentinel names
// one, whatever becomes of the connections to the server before.
func (c *Client) Switches() bool {
	client, ok := c.redis.(*redis.Client)
	return ok && client.Options().Addr == "FailoverClient"
}

// Server returns what tells the server that commands go to from others, and from
// itself before a restart. It sends INFO.
func (c *Client) Server(ctx context.Context) (string, error) {
	s := server{client: c}
	err := s.identify(ctx, false)
	return s.identity, err
}

// DB returns the number of the database that the client uses, or -1 where a client
// that is none of go-redis itself does not tell.
func (c *Client) DB() int {
	switch r := c.redis.(type) {
	case *redis.Client:
		return r.Options().DB
	case *redis.ClusterClient:
		return 0
	default:
		return -1
	}
}

// single is the node of a client without a Cluster. It is comparable whatever the
// client is.
type single struct{ client *Client }

func (s single) Subscribe(ctx context.Context, channels ...string) *redis.PubSub {
	return s.client.redis.Subscribe(ctx, channels...)
}

// layout asks for the owner of each slot, and again where the answer is a new one. A
// slot that nobody owns stays with the node that it had, or goes to that of the slot
// before it, as long as that node owns others.
func (t *topology) layout(ctx context.Context, old *Layout) (*Layout, error) {
	l := old
	var orphans []int
	var expected *redis.Client
	for slot, key := range slotKeys() {
		if old != nil {
			expected = old.owners[slot]
		}
		owner, owned, err := t.owner(ctx, key, expected)
		if err != nil {
			return nil, err
		}
		if !owned {
			orphans = append(orphans, slot)
		}
		l = l.with(old, slot, owner)
		expected = owner
	}
	if len(orphans) > 0 {
		l = l.adopt(old, orphans)
	}
	if l == old {
		return old, nil
	}
	for _, owner := range l.owners {
		if !slices.Contains(l.nodes, Node(owner)) {
			l.nodes = append(l.nodes, owner)
		}
	}
	return l, nil
}

// owner returns the owner of a key's slot, or the expected one and false if nobody
// owns it. go-redis does not tell, but takes any node for such a slot, another each
// time, so an answer that was not expected has to stay the same for a while.
func (t *topology) owner(ctx context.Context, key string, expected *redis.Client) (owner *redis.Client, owned bool, err error) {
	owner, err = t.client.MasterForKey(ctx, key)
	if err != nil || owner == expected {
		return owner, true, err
	}
	for range sureAfter {
		again, err := t.client.MasterForKey(ctx, key)
		if err != nil {
			return nil, false, err
		}
		if again != owner {
			return cmp.Or(expected, owner), false, nil
		}
	}
	return owner, true, nil
}

// sureAfter is how many times more one of two nodes must be named for a slot, so that
// it is by chance once in a billion.
const sureAfter = 30

// with returns l with an owner, which is a copy if readers may have l.
func (l *Layout) with(old *Layout, slot int, owner *redis.Client) *Layout {
	switch {
	case l == nil:
		l = &Layout{owners: make([]*redis.Client, slots)}
	case l.owners[slot] == owner:
		return l
	case l == old:
		l = &Layout{owners: slices.Clone(old.owners)}
	}
	l.owners[slot] = owner
	return l
}

// adopt gives slots that nobody owns to nodes that own others: go-redis closes the
// client of one that owns nothing, and a replica is no owner either.
func (l *Layout) adopt(old *Layout, orphans []int) *Layout {
	var owners []*redis.Client
	rest := orphans
	for slot, owner := range l.owners {
		if len(rest) > 0 && rest[0] == slot {
			rest = rest[1:]
		} else if !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
	}
	for _, slot := range orphans {
		if len(owners) > 0 && !slices.Contains(owners, l.owners[slot]) {
			l = l.with(old, slot, owners[0])
		}
	}
	return l
}

const slots = 1 << 14

// slotOf returns the slot of a key: the CRC16 of its hash tag, or of all of it.
func slotOf(key string) int {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			key = tag
		}
	}
	var crc uint16
	for i := range len(key) {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^key[i]]
	}
	return int(crc) % slots
}

var crcTable = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc >> 15
			crc = crc<<1 ^ carry*0x1021
		}
		table[i] = crc
	}
	return table
}()

// slotKeys returns a key of each slot, since go-redis tells owners only by keys. All
// values of the CRC16 are among those of two bytes.
var slotKeys = sync.OnceValue(func() []string {
	keys := make([]string, slots)
	for i := range 1 << 16 {
		key := [2]byte{byte(i >> 8), byte(i)}
		if slot := slotOf(string(key[:])); keys[slot] == "" {
			keys[slot] = string(key[:])
		}
	}
	return keys
})
