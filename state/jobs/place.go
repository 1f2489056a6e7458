package jobs

import (
	"hash/fnv"
	"strconv"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
)

// buckets is over how many slots the jobs of a template are spread. It is part of what is
// stored.
const buckets = 16

// place is where the jobs of a family are in one store.
type place struct {
	prefix string // of the store
	shape  string // of the family
	tag    string // without the bucket
}

func newPlace(prefix, shape string) place {
	h := fnv.New32a()
	_, _ = h.Write([]byte(prefix + shape)) // it never fails
	sum := h.Sum32()
	const digits = 0x10000
	return place{prefix, shape, strconv.FormatUint(uint64(sum>>16^sum)%digits+digits, 16)[1:]}
}

// bucketOf returns the bucket of a job by the name of its key.
func bucketOf(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return int(h.Sum32() % buckets)
}

// suffix returns what follows a name: a segment that no template makes, with the hash tag of
// the bucket.
func (p *place) suffix(bucket int) string {
	return ":__{" + p.tag + "." + strconv.FormatInt(int64(bucket), buckets) + "}"
}

// job returns the key in Redis of the job with that name, and that of its bucket.
func (p *place) job(name string) (job, index string) {
	bucket := bucketOf(name)
	return p.prefix + name + p.suffix(bucket), p.index(bucket)
}

// index returns the key of all jobs of a bucket.
func (p *place) index(bucket int) string { return p.prefix + p.shape + p.suffix(bucket) + ":jobs" }

// ask runs bucket.lua for each bucket, and returns where those are.
func (t *tracker) ask(o bridge.Operation, more ...any) (p place, replies [buckets][]any, err error) {
	if err = o.Err(); err == nil {
		p, err = t.place(o, t.family.shape)
	}
	if err != nil {
		return p, replies, err
	}
	var b exec.Batch
	var sent [buckets]*exec.Reply
	for i := range sent {
		sent[i] = b.Add(bucketScript.ReadPrimary([]string{p.index(i)}, append([]any{milliseconds(t.family.Idle)}, more...)...))
	}
	o.Client().Send(o.Context(), &b)
	for i, reply := range sent {
		if replies[i], err = reply.List(); err != nil {
			return p, replies, o.Cause(err, false)
		}
	}
	return p, replies, nil
}
