package gen_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// walked is a program that walks over keys with generated code. It prints what
// comes of each walk in an order of its own.
const walked = `package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

type (
	Tenant string
	Level  int8
	Shard  uint16
	Flag   bool
	UUID   [16]byte
)

// Word is a text in small letters, whatever it was read from.
type Word struct{ text string }

func (w *Word) MarshalText() ([]byte, error) {
	if w.text == "fails" {
		return nil, errors.New("no text")
	}
	return []byte(w.text), nil
}

func (w *Word) UnmarshalText(text []byte) error { w.text = strings.ToLower(string(text)); return nil }

//state:key cart:{<tenant:Tenant>}:<id:int64>:<level:Level>:<shard:Shard>:<flag:Flag>:<on:bool>:<uuid:UUID>:<ip:netip.Addr>:<word:Word>:end ttl=1h scan
type Cart struct{ N int }

//state:key session:<userID> ttl=1h scan
type Session struct{ N int }

//state:key level:<level:Level> ttl=1h scan name=leveled
type Leveled struct{ N int }

//state:key word:<word:Word> ttl=1h scan
type Worded struct{ N int }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// show prints what a walk yields, sorted.
func show[V any](what string, seq iter.Seq2[V, error]) {
	var lines []string
	for v, err := range seq {
		if err != nil {
			for _, known := range []error{state.ErrInvalidKey, state.ErrNoStore, state.ErrScanDisabled} {
				if errors.Is(err, known) {
					lines = append(lines, "error: "+known.Error())
				}
			}
			continue
		}
		lines = append(lines, fmt.Sprintf("%+v", v))
	}
	slices.Sort(lines)
	fmt.Printf("%s: %d\n", what, len(lines))
	for _, line := range lines {
		fmt.Println("  " + line)
	}
}

func main() {
	ctx := context.Background()
	srv := must(embedded.Start())
	defer srv.Close()
	store := must(state.New(srv.Client(), state.Options{Prefix: "demo:", EnableSet: true, EnableRemove: true, EnableScan: true}))

	carts := NewCartStore(store)
	at := netip.MustParseAddr("::1")
	for i, c := range []CartParams{
		{Tenant: "acme", ID: 0, Level: -128, Shard: 0, Flag: false, On: true, UUID: UUID{1}, IP: at, Word: Word{"a"}},
		{Tenant: "acme", ID: 7, Level: 127, Shard: 65535, Flag: true, On: false, UUID: UUID{2}, IP: at, Word: Word{"b:*"}},
		{Tenant: "b:ee", ID: 0, Level: 0, Shard: 1, Flag: true, On: true, UUID: UUID{2}, IP: netip.MustParseAddr("10.0.0.1"), Word: Word{"b"}},
	} {
		must(0, c.Key().Set(ctx, store, Cart{N: i}))
	}
	show("all carts", carts.All(ctx, CartFilter{}))
	show("read", carts.Reader().All(ctx, CartFilter{}.Tenant("acme").ID(7)))
	for _, c := range []struct {
		name string
		f    CartFilter
	}{
		{"tenant", CartFilter{}.Tenant("b:ee")}, {"id", CartFilter{}.ID(0)}, {"level", CartFilter{}.Level(-128)},
		{"shard", CartFilter{}.Shard(65535)}, {"flag", CartFilter{}.Flag(false)}, {"on", CartFilter{}.On(false)},
		{"uuid", CartFilter{}.UUID(UUID{2}).Flag(true)}, {"ip", CartFilter{}.IP(at)}, {"word", CartFilter{}.Word(Word{"b:*"})},
		{"the last of two", CartFilter{}.ID(0).ID(7)}, {"none", CartFilter{}.ID(1)},
	} {
		var found []int
		for parts, err := range carts.Keys(ctx, c.f) {
			must(0, err)
			// The parts name the key that was found.
			found = append(found, must(parts.Key().Get(ctx, store)).N)
		}
		slices.Sort(found)
		fmt.Println(c.name, found)
	}
	show("an empty part", carts.Keys(ctx, CartFilter{}.Tenant("")))
	show("a part that fails", carts.All(ctx, CartFilter{}.Word(Word{"fails"})))
	_, err := carts.RemoveAll(ctx, CartFilter{}.Tenant(""))
	fmt.Println(errors.Is(err, state.ErrInvalidKey))
	show("no store", (&CartStore{}).Keys(ctx, CartFilter{}))
	fmt.Println("removed", must(carts.RemoveAll(ctx, CartFilter{}.ID(0))))
	show("left", carts.Keys(ctx, CartFilter{}))
	// A walk that is given up early ends without an error.
	for range carts.All(ctx, CartFilter{}) {
		break
	}

	sessions := NewSessionStore(store)
	for i, id := range []string{"u:1", "u*", "u"} {
		must(0, sessions.Set(ctx, id, Session{N: i}))
	}
	show("sessions", sessions.Keys(ctx, SessionFilter{}))
	show("one session", sessions.Reader().All(ctx, SessionFilter{}.UserID("u*")))
	n, err := sessions.RemoveAll(ctx, SessionFilter{}.UserID("u"))
	fmt.Println("removed", n, err)

	// What other hands stored is no value of the type.
	must(0, newLeveledStore(store).Set(ctx, 5, Leveled{N: 5}))
	must(0, srv.Client().Set(ctx, "demo:level:300", "{}", 0).Err())
	must(0, NewWordedStore(store).Set(ctx, Word{"a"}, Worded{N: 1}))
	must(0, srv.Client().Set(ctx, "demo:word:UPPER", "{}", 0).Err())
	show("levels", newLeveledReader(store).All(ctx, leveledFilter{}.Level(5)))
	show("levels", newLeveledReader(store).All(ctx, leveledFilter{}))
	fmt.Println("removed levels", must(newLeveledStore(store).RemoveAll(ctx, leveledFilter{})))
	fmt.Println("foreign level stays", must(srv.Client().Exists(ctx, "demo:level:300").Result()))
	show("words", NewWordedReader(store).Keys(ctx, WordedFilter{}))

	off := NewSessionReader(must(state.New(srv.Client(), state.Options{Prefix: "demo:"})))
	show("off", off.Keys(ctx, SessionFilter{}))

	// Update is of the same kind of generated code.
	add := func(s *Session) error { s.N += 40; return nil }
	fmt.Println(must(sessions.Update(ctx, "u*", add)), must(sessions.Get(ctx, "u*")))
	_, err = sessions.Update(ctx, "nobody", add)
	fmt.Println(errors.Is(err, state.ErrNotFound))
	mine := errors.New("mine")
	_, err = sessions.Update(ctx, "u*", func(*Session) error { return mine }, state.RefreshTTL())
	fmt.Println(err == mine)
	_, err = (&SessionStore{}).Update(ctx, "u*", add)
	fmt.Println(errors.Is(err, state.ErrNoStore))
}
`

const walkedOutput = `all carts: 3
  {Params:{Tenant:acme ID:0 Level:-128 Shard:0 Flag:false On:true UUID:[1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0] IP:::1 Word:{text:a}} Value:{N:0}}
  {Params:{Tenant:acme ID:7 Level:127 Shard:65535 Flag:true On:false UUID:[2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0] IP:::1 Word:{text:b:*}} Value:{N:1}}
  {Params:{Tenant:b:ee ID:0 Level:0 Shard:1 Flag:true On:true UUID:[2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0] IP:10.0.0.1 Word:{text:b}} Value:{N:2}}
read: 1
  {Params:{Tenant:acme ID:7 Level:127 Shard:65535 Flag:true On:false UUID:[2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0] IP:::1 Word:{text:b:*}} Value:{N:1}}
tenant [2]
id [0 2]
level [0]
shard [1]
flag [0]
on [1]
uuid [1 2]
ip [0 1]
word [1]
the last of two [1]
none []
an empty part: 1
  error: invalid key
a part that fails: 1
  error: invalid key
true
no store: 1
  error: no store (make one with state.Open or state.New)
removed 2
left: 1
  {Tenant:acme ID:7 Level:127 Shard:65535 Flag:true On:false UUID:[2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0] IP:::1 Word:{text:b:*}}
sessions: 3
  u
  u*
  u:1
one session: 1
  {Params:u* Value:{N:1}}
removed 1 <nil>
levels: 1
  {Params:5 Value:{N:5}}
levels: 2
  error: invalid key
  {Params:5 Value:{N:5}}
removed levels 1
foreign level stays 1
words: 2
  error: invalid key
  {text:a}
off: 1
  error: scanning is not enabled (set Options.EnableScan)
{41} {41}
true
true
true
`

// Generated code walks over keys as it is documented, against a real store.
func TestWalk(t *testing.T) {
	t.Parallel()
	assertPrints(t, walkedOutput, walked)
}

// assertPrints generates code for a program, and runs it.
func assertPrints(t *testing.T, want, source string) {
	t.Helper()
	dir := newModule(t)
	write(t, filepath.Join(dir, "main.go"), source)
	result := run(t, dir, ".")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.NoError(t, result.Apply())
	program := exec.CommandContext(t.Context(), "go", "run", ".")
	program.Dir, program.Env = dir, offline
	output, err := program.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Equal(t, want, string(output))
}
