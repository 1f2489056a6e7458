package suite

import (
	"time"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/stat"
)

// Result is what the blocks of a group took, for each side in the order of the
// rounds.
type Result struct {
	Group  Group
	Blocks [][]block.Block
}

// Ratio says how many times as fast this SDK is as a peer: the median over all
// rounds of the peer's time by ours, and where it lies.
type Ratio struct {
	Median float64
	stat.Interval
}

// Row sums up one side, each figure by the median of its blocks.
type Row struct {
	Name          string
	NsPerOp       float64
	Allocs, Bytes float64
	P50, P99      time.Duration
	RSS           int64
	// Ratio is nil for this SDK itself, and where it takes no part.
	Ratio *Ratio
}

// Rows sums up all sides.
func (r Result) Rows() []Row {
	rows := make([]Row, len(r.Group.Sides))
	for i, s := range r.Group.Sides {
		rows[i] = summary(s.Name, r.Blocks[i])
		if ratio, ok := r.Ratio(s.Name); ok && s.Name != Ours {
			rows[i].Ratio = &ratio
		}
	}
	return rows
}

// Row sums up one side.
func (r Result) Row(name string) (Row, bool) {
	for _, row := range r.Rows() {
		if row.Name == name {
			return row, true
		}
	}
	return Row{}, false
}

// Ratio compares this SDK with a peer.
func (r Result) Ratio(peer string) (Ratio, bool) {
	var ours, theirs []block.Block
	for i, s := range r.Group.Sides {
		switch s.Name {
		case Ours:
			ours = r.Blocks[i]
		case peer:
			theirs = r.Blocks[i]
		}
	}
	if len(ours) == 0 || len(ours) != len(theirs) {
		return Ratio{}, false
	}
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = theirs[i].NsPerOp() / ours[i].NsPerOp()
	}
	return Ratio{stat.Median(ratios), stat.MedianInterval(ratios)}, true
}

func summary(name string, blocks []block.Block) Row {
	median := func(figure func(block.Block) float64) float64 {
		values := make([]float64, len(blocks))
		for i, b := range blocks {
			values[i] = figure(b)
		}
		return stat.Median(values)
	}
	return Row{
		Name:    name,
		NsPerOp: median(block.Block.NsPerOp),
		Allocs:  median(block.Block.AllocsPerOp),
		Bytes:   median(block.Block.BytesPerOp),
		P50:     time.Duration(median(func(b block.Block) float64 { return float64(b.P50) })),
		P99:     time.Duration(median(func(b block.Block) float64 { return float64(b.P99) })),
		RSS:     int64(median(func(b block.Block) float64 { return float64(b.RSS) })),
	}
}
