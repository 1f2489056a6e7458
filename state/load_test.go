package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// With a server that answers nobody, calls wait until there are too many; from then
// on they fail at once.
func TestTooManyCallsAreOverload(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.PoolSize, o.PipelinePoolSize = 2, -1
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	require.NoError(t, store.Ping(t.Context()))
	srv.Pause(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const callers = 16<<10 + 2000
	var overloaded, others atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			err := sessions.Key("1").Set(ctx, store, session{})
			if !errors.Is(err, state.ErrOverloaded) || !strings.Contains(err.Error(), "too many calls wait") {
				others.Add(1)
				return
			}
			if overloaded.Add(1) == 1 {
				assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
				assert.Contains(t, err.Error(), "nothing was sent")
			}
		})
	}
	assert.Eventually(t, func() bool { return overloaded.Load() > 0 }, 20*time.Second, time.Millisecond)
	cancel()
	all.Wait()
	assert.Positive(t, others.Load())
	srv.Resume(t)
	assert.Eventually(t, func() bool { return sessions.Key("1").Set(t.Context(), store, session{}) == nil }, 10*time.Second, time.Millisecond)
}

// keeping is a value that refers to the bytes that it was decoded from.
type keeping struct{ text string }

type keepingCodec struct{}

func (keepingCodec) Append(dst []byte, v any) ([]byte, error) {
	return append(dst, v.(*keeping).text...), nil
}

func (keepingCodec) Decode(data []byte, v any) error {
	v.(*keeping).text = unsafe.String(unsafe.SliceData(data), len(data))
	return nil
}

var kept = state.Define("kept:{<group>}:<id>", state.FamilyOptions[keeping]{TTL: time.Minute, Codec: keepingCodec{}})

// A codec may refer to what it is given, so nothing may change that later.
var _ = conform("what is decoded may refer to its bytes", func(t *testing.T, b bench) {
	store := b.all(t)
	ctx := t.Context()
	text := func(caller, i int) string { return strings.Repeat(fmt.Sprintf("%d-%d;", caller, i), 20) }
	read := func(key state.Key[keeping], caller int) (all []*string) {
		note := func(v keeping, err error) {
			if assert.NoError(t, err) {
				all = append(all, &v.text)
			}
		}
		note(key.Get(ctx, store))
		v, _, err := state.Lookup(ctx, store, key)
		note(v, err)
		e, err := state.GetEntry(ctx, store, key)
		note(e.Value, err)
		many, err := state.GetMany(ctx, store, key, key)
		note(many[0].Value, err)
		note(many[1].Value, many[1].Err)
		v, err = state.Update(ctx, store, key, func(*keeping) error { return nil })
		note(v, err)
		assert.NoError(t, store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
			v, err := key.Get(ctx, tx)
			note(v, err)
			err = kept.Key(key2(caller), "copy").Set(ctx, tx, v)
			again, _ := kept.Key(key2(caller), "copy").Get(ctx, tx)
			note(again, nil)
			return err
		}))
		return all
	}
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			key := kept.Key(key2(caller), "1")
			for i := range 10 {
				assert.NoError(t, key.Set(ctx, store, keeping{text(caller, i)}))
				found := read(key, caller)
				old, _, err := state.Swap(ctx, store, key, keeping{"other"})
				assert.NoError(t, err)
				found = append(found, &old.text)
				for range 5 {
					assert.NoError(t, key.Set(ctx, store, keeping{strings.Repeat("z", 200)}))
				}
				for n, got := range found {
					assert.Equal(t, text(caller, i), *got, "read %d", n)
				}
			}
		})
	}
	all.Wait()
})

func key2(caller int) string { return fmt.Sprint("g", caller) }

// patterned is a value whose encoding tells if any byte of it is of another's.
type patterned struct{ n byte }

type patternedCodec struct{}

func (patternedCodec) Append(dst []byte, v any) ([]byte, error) {
	return append(dst, bytes.Repeat([]byte{v.(*patterned).n}, 4000)...), nil
}

func (patternedCodec) Decode(data []byte, v any) error {
	if len(data) != 4000 || len(bytes.Trim(data, string(data[:1]))) > 0 {
		return errors.New("mixed")
	}
	v.(*patterned).n = data[0]
	return nil
}

var patterns = state.Define("pattern:<id>", state.FamilyOptions[patterned]{TTL: time.Minute, Codec: patternedCodec{}})

// slowConn is a connection that takes its time, and then sends what the bytes are by
// then.
type slowConn struct{ net.Conn }

func (c slowConn) Write(b []byte) (int, error) {
	time.Sleep(3 * time.Millisecond)
	return c.Conn.Write(b)
}

// Callers give up while what they store is being sent, and others encode meanwhile:
// no value may come out with bytes of another.
func TestBytesThatMayStillBeSentAreNotUsedAnew(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	for _, timely := range []bool{true, false} {
		for _, shares := range []bool{false, true} {
			o := srv.Options()
			o.ContextTimeoutEnabled, o.PoolSize = timely, 64
			o.WriteBufferSize, o.PipelineWriteBufferSize = 512, 512 // so that values are not copied
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, addr)
				return slowConn{conn}, err
			}
			client := redis.NewClient(o)
			t.Cleanup(func() { _ = client.Close() })
			store, err := state.New(client, state.Options{EnableSet: true})
			require.NoError(t, err)
			if shares {
				state.ShareAll(store)
			}
			var all sync.WaitGroup
			for caller := range 16 {
				all.Go(func() {
					for i := range 40 {
						limit := time.Duration(i%8+1) * 2 * time.Millisecond
						if i%10 == 9 {
							limit = 10 * time.Second
						}
						ctx, cancel := context.WithTimeout(t.Context(), limit)
						_ = patterns.Key(fmt.Sprint(caller, "-", i)).Set(ctx, store, patterned{byte(caller*40 + i)})
						cancel()
					}
				})
			}
			all.Wait()
			time.Sleep(50 * time.Millisecond) // what was given up may be on its way
			look, err := state.New(srv.Client(t), state.Options{})
			require.NoError(t, err)
			stored := 0
			for caller := range 16 {
				for i := range 40 {
					_, err := patterns.Key(fmt.Sprint(caller, "-", i)).Get(t.Context(), look)
					if !errors.Is(err, state.ErrNotFound) && assert.NoError(t, err) {
						stored++
					}
				}
			}
			assert.Positive(t, stored)
		}
	}
}

// foreignCodec returns memory of its own, which must not become the store's.
type foreignCodec struct{ blobCodec }

func (foreignCodec) Append([]byte, any) ([]byte, error) { return foreign, nil }

var foreign = bytes.Repeat([]byte("x"), 3000)

func TestACodecKeepsItsMemory(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	odd := state.Define("odd:<id>", state.FamilyOptions[blob]{TTL: time.Minute, Codec: foreignCodec{}})
	for range 20 {
		require.NoError(t, odd.Key("1").Set(t.Context(), store, blob{}))
		require.NoError(t, blobs.Key("1").Set(t.Context(), store, blob{bytes.Repeat([]byte("y"), 3000)}))
	}
	assert.Equal(t, strings.Repeat("x", 3000), string(foreign))
}

// TestAllocationsOfACall holds what one caller allocates to what go-redis needs and
// little more, on the way that one caller's calls take. The value itself, which
// escapes to the codec, is one of them; three are go-redis's check of the connection.
func TestAllocationsOfACall(t *testing.T) {
	s := newBeside(t, redistest.Start(t).Client(t))
	ctx := t.Context()
	id := "42"
	for name, c := range map[string]struct {
		most float64
		call func() error
	}{
		"Get": {7, func() error { _, err := blobs.Make("blob:"+id).Get(ctx, s.store); return err }},
		"Set": {7, func() error { return blobs.Make("blob:"+id).Set(ctx, s.store, blob{s.value}) }},
	} {
		require.NoError(t, c.call())
		got := testing.AllocsPerRun(500, func() { _ = c.call() })
		if raceEnabled {
			continue
		}
		assert.LessOrEqual(t, got, c.most, name)
	}
}

// TestLargeValuesOfAFamilyGoAlone reads a large value often enough for the family to
// be known for it, beside small ones of another family, and looks at the pipelines.
func TestLargeValuesOfAFamilyGoAlone(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	var sizes pipelineSizes
	client.AddHook(&sizes)
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	state.ShareAll(store)
	large := state.Define("large:<id>", state.FamilyOptions[blob]{TTL: time.Minute, Codec: blobCodec{}})
	require.NoError(t, large.Key("1").Set(t.Context(), store, blob{bytes.Repeat([]byte("x"), 100<<10)}))
	for range 3 {
		_, err := large.Key("1").Get(t.Context(), store)
		require.NoError(t, err)
	}
	assert.Equal(t, int64(1), sizes.piped.Load(), "the first read, which could not know")
	require.NoError(t, blobs.Key("1").Set(t.Context(), store, blob{[]byte("x")}))
	_, err = blobs.Key("1").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, int64(3), sizes.piped.Load())
	require.NoError(t, client.Set(t.Context(), "large:1", "x", time.Minute).Err())
	for range 100 {
		_, err := large.Key("1").Get(t.Context(), store)
		require.NoError(t, err)
	}
	assert.Greater(t, sizes.piped.Load(), int64(60), "it is small now")
}

type pipelineSizes struct {
	counter
	piped atomic.Int64
}

func (*pipelineSizes) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h *pipelineSizes) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.piped.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}
