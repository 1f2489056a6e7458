package redistest

import "strings"

// slotCount is the number of hash slots of a cluster.
const slotCount = 16384

// Slot returns the hash slot of a key: the CRC16 (XMODEM) of its hash tag, or
// of the whole key when it has none.
func Slot(key string) int {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			key = tag
		}
	}
	crc := uint16(0)
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			carry := crc & 0x8000
			crc <<= 1
			if carry != 0 {
				crc ^= 0x1021
			}
		}
	}
	return int(crc % slotCount)
}
