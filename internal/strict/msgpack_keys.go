package strict

import (
	"hash/maphash"
	"math/bits"
)

// msgpackKeys finds a key that stands twice in a map with many. It notes where the
// keys are rather than what, so that it takes no more memory than the map itself.
type msgpackKeys struct {
	data  []byte
	seed  maphash.Seed
	slots []uint32
}

func newMsgpackKeys(data []byte, n int) *msgpackKeys {
	return &msgpackKeys{data: data, seed: maphash.MakeSeed(), slots: make([]uint32, 1<<bits.Len(uint(n)*3/2))}
}

// add tells whether the key is new.
func (k *msgpackKeys) add(key *msgpackKey) bool {
	for i := k.hash(key); ; i++ {
		slot := &k.slots[i&uint64(len(k.slots)-1)]
		if *slot == 0 {
			*slot = uint32(key.offset) + 1
			return true
		}
		t, _ := readToken(k.data, int(*slot-1))
		if other, _ := keyOf(k.data, t, 0); other.same(key) {
			return false
		}
	}
}

func (k *msgpackKeys) hash(key *msgpackKey) uint64 {
	if key.raw == nil {
		return maphash.Comparable(k.seed, [3]uint64{uint64(key.kind), key.bits, uint64(key.nsec)})
	}
	return maphash.Bytes(k.seed, key.raw)
}
