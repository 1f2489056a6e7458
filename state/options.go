package state

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// Options say what a store may do and where in Redis it keeps its keys. The zero
// value reads, and neither writes nor removes.
type Options struct {
	// Prefix begins the name of every key, such as "user-service:state:". It is
	// empty, or literal segments of a template that each end in ":". Two
	// services in one database need prefixes of which neither begins the other.
	Prefix string

	// DisableGet turns reading off.
	DisableGet bool
	// EnableSet turns writing on.
	EnableSet bool
	// EnableRemove turns removing on.
	EnableRemove bool
	// EnableScan turns on what walks over the keys of a family, such as [Keys].
	// It is a switch of its own, as the key patterns of an ACL do not bind SCAN,
	// and as a walk reads the names of all keys of the database.
	EnableScan bool

	// MaxKeyBytes is the length of the longest key, prefix included; 0 is 512,
	// and 4096 is the most.
	MaxKeyBytes int
	// MaxValueBytes is the length of the longest encoded value that is written
	// or read; 0 is 1 MiB.
	MaxValueBytes int

	// Redis are the options of the client that [Open] makes if it is given no
	// URL, for Cluster, Sentinel, TLS and everything else that go-redis has.
	// [New] refuses them, as its client has its own.
	Redis *redis.UniversalOptions

	// Replication has every write wait for replicas. Its zero value waits for
	// none. [Replicated] is the same for one call.
	Replication Replication
	// ReceiptTTL is how long a call with an [OpID] is remembered; 0 is an hour. It
	// must be longer than a caller may go on repeating a call.
	ReceiptTTL time.Duration

	// WatchInterval is how often what is watched is read again without having
	// heard of a change, for the sake of other programs that write without a word;
	// 0 is 30 seconds. What they write is noticed at once where the server is
	// configured to tell (notify-keyspace-events with K and g$xe).
	WatchInterval time.Duration

	// Observer is told of every operation; nil is nobody.
	Observer Observer
}

const (
	defaultMaxKeyBytes   = 512
	defaultMaxValueBytes = 1 << 20
)

func withDefaults(o Options) (Options, error) {
	if err := checkPrefix(o.Prefix); err != nil {
		return o, err
	}
	if o.MaxKeyBytes == 0 {
		o.MaxKeyBytes = defaultMaxKeyBytes
	}
	if o.MaxValueBytes == 0 {
		o.MaxValueBytes = defaultMaxValueBytes
	}
	if o.ReceiptTTL == 0 {
		o.ReceiptTTL = defaultReceiptTTL
	}
	if o.ReceiptTTL < time.Millisecond {
		return o, fmt.Errorf("Options.ReceiptTTL is %v; give a millisecond or more, or 0 for %v", o.ReceiptTTL, defaultReceiptTTL)
	}
	o.WatchInterval = cmp.Or(o.WatchInterval, defaultWatchInterval)
	if o.WatchInterval < time.Millisecond {
		return o, fmt.Errorf("Options.WatchInterval is %v; give a millisecond or more, or 0 for %v", o.WatchInterval, defaultWatchInterval)
	}
	if o.MaxKeyBytes < 0 || o.MaxKeyBytes > keyspec.MaxTemplateBytes {
		return o, fmt.Errorf("Options.MaxKeyBytes is %d; give 1 to %d, or 0 for %d",
			o.MaxKeyBytes, keyspec.MaxTemplateBytes, defaultMaxKeyBytes)
	}
	if o.MaxValueBytes < 0 {
		return o, fmt.Errorf("Options.MaxValueBytes is %d; give a positive number, or 0 for %d",
			o.MaxValueBytes, defaultMaxValueBytes)
	}
	return o, nil
}

// checkPrefix takes a prefix for a template without parameters.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	literals, ended := strings.CutSuffix(prefix, ":")
	if !ended {
		return errors.New(`Options.Prefix does not end in ":"`)
	}
	t, err := keyspec.Parse(literals)
	if err != nil {
		return fmt.Errorf("Options.Prefix: %w", err)
	}
	for _, s := range t.Segments() {
		if s.Param >= 0 || s.Open {
			return errors.New("Options.Prefix has a parameter or a brace; it is literal segments alone")
		}
	}
	return nil
}
