package codectest

import "time"

// Arrays has arrays and slices of every kind of elements.
//
//state:key codectest-arrays:<id> ttl=1m
//state:key codectest-arrays-pack:<id> ttl=1m codec=msgpack name=ArraysPack
type Arrays struct {
	Ints    [3]int          `json:"ints"`
	None    [0]string       `json:"none"`
	Strings [2]string       `json:"strings"`
	Items   [2]Item         `json:"items"`
	Grid    [2][3]int8      `json:"grid"`
	Named   Row             `json:"named"`
	Rows    []Row           `json:"rows"`
	Times   [1]time.Time    `json:"times"`
	Mixed   [1][]*[2]string `json:"mixed"`
	Wide    [2]int64        `json:"wide"`
	Texts   [2]Text         `json:"texts"`
	Floats  [2]float32      `json:"floats"`
}

// Row is a named array.
type Row [2]uint16

// Sliced has slices of every kind of elements.
//
//state:key codectest-sliced:<id> ttl=1m
//state:key codectest-sliced-pack:<id> ttl=1m codec=msgpack name=SlicedPack
type Sliced struct {
	Strings   []string         `json:"strings"`
	Texts     []Text           `json:"texts"`
	Bools     []bool           `json:"bools"`
	Ints      []int            `json:"ints"`
	Wides     []int64          `json:"wides"`
	Vasts     []uint64         `json:"vasts"`
	Smalls    []Small          `json:"smalls"`
	Counts    []Count          `json:"counts"`
	Floats    []float64        `json:"floats"`
	Narrows   []Narrow         `json:"narrows"`
	Items     []Item           `json:"items"`
	Times     []time.Time      `json:"times"`
	Durations []time.Duration  `json:"durations"`
	Nested    [][]string       `json:"nested"`
	Maps      []map[string]int `json:"maps"`
	Pointers  []*Item          `json:"pointers"`
	PtrInts   []*int           `json:"ptrInts"`
	List      List             `json:"list"`
	Lists     []List           `json:"lists"`
	Blobs     [][]byte         `json:"blobs"`
	Empties   []struct{}       `json:"empties"`
	Anonymous []struct {
		A string `json:"a"`
		B []struct {
			C int `json:"c"`
		} `json:"b"`
	} `json:"anonymous"`
}
