package state_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

const canary = "CANARY"

// leaky fails with an error that holds what it was given.
type leaky struct{ Text string }

func (l leaky) MarshalJSON() ([]byte, error)     { return nil, fmt.Errorf("cannot encode %s", l.Text) }
func (l *leaky) UnmarshalJSON(data []byte) error { return fmt.Errorf("cannot decode %s", data) }

type leakyCodec struct{}

func (leakyCodec) Append([]byte, any) ([]byte, error) { return nil, errors.New(canary) }
func (leakyCodec) Decode([]byte, any) error           { return errors.New(canary) }

// texts returns everything that printing and logging make of an error and of
// what it wraps.
func texts(err error) []string {
	var out []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		out = append(out, fmt.Sprint(e), fmt.Sprintf("%+v %#v %q %s", e, e, e, e))
		text, err := json.Marshal(e)
		_ = err // an error need not be marshalable, but must not leak
		out = append(out, string(text))
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var log bytes.Buffer
		slog.New(handler(&log)).Error("failed", "err", err, "wrapped", fmt.Errorf("x: %w", err))
		out = append(out, log.String())
	}
	return out
}

func TestErrorsHoldNoKeysValuesOrPasswords(t *testing.T) {
	t.Parallel()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	client := srv.Client()
	open := func(o state.Options) *state.Store {
		store, err := state.New(client, o)
		require.NoError(t, err)
		return store
	}
	store := open(state.Options{EnableSet: true, EnableRemove: true, MaxValueBytes: 64})
	ctx := t.Context()
	family := state.Define("k:<id>", state.FamilyOptions[session]{TTL: time.Minute})
	number := state.Define("n:<id>", state.FamilyOptions[map[string]int8]{TTL: time.Minute})
	leak := state.Define("l:<id>", state.FamilyOptions[leaky]{TTL: time.Minute})
	coded := state.Define("c:<id>", state.FamilyOptions[string]{TTL: time.Minute, Codec: leakyCodec{}})
	moment := state.Define("t:<id>", state.FamilyOptions[time.Time]{TTL: time.Minute})
	packed := state.Define("p:<id>", state.FamilyOptions[map[string]int8]{TTL: time.Minute, Codec: state.Msgpack()})
	for name, stored := range map[string]string{
		"k:" + canary: `{"user":"` + canary, "n:" + canary: `{"` + canary + `":300}`, "l:" + canary: `"` + canary + `"`,
		"c:" + canary: canary, "t:" + canary: `"` + canary + `"`, "p:" + canary: "\x81\xa6" + canary + "\xcd\x01\x2c",
		"k:x" + canary: `{"user":"` + canary + `","user":""}`, "k:y" + canary: `{"user":{"` + canary + `":1}}`,
	} {
		require.NoError(t, client.Set(ctx, name, stored, 0).Err())
	}
	require.NoError(t, client.RPush(ctx, "k:list"+canary, canary).Err())

	errs := map[string]error{}
	_, errs["not found"] = family.Key("none"+canary).Get(ctx, store)
	_, errs["syntax"] = family.Key(canary).Get(ctx, store)
	_, errs["duplicate"] = family.Key("x"+canary).Get(ctx, store)
	_, errs["type"] = family.Key("y"+canary).Get(ctx, store)
	_, errs["range"] = number.Key(canary).Get(ctx, store)
	_, errs["range in msgpack"] = packed.Key(canary).Get(ctx, store)
	_, errs["unmarshaler"] = leak.Key(canary).Get(ctx, store)
	_, errs["codec"] = coded.Key(canary).Get(ctx, store)
	_, errs["time"] = moment.Key(canary).Get(ctx, store)
	_, errs["take"] = state.Take(ctx, store, moment.Key(canary))
	_, errs["wrong type"] = family.Key("list"+canary).Get(ctx, store)
	_, errs["many"] = state.GetMany(ctx, store, family.Key("list"+canary), family.Key(canary))
	_, errs["state"] = store.GetState(ctx, "l:"+canary+"\n")
	_, errs["state of a list"] = store.GetState(ctx, "k:list"+canary)
	errs["marshaler"] = leak.Key(canary).Set(ctx, store, leaky{canary})
	errs["encode"] = coded.Key(canary).Set(ctx, store, canary)
	errs["utf-8"] = family.Key(canary).Set(ctx, store, session{User: canary + "\xff"})
	errs["too large"] = family.Key(canary).Set(ctx, store, session{User: strings.Repeat(canary, 100)})
	errs["too long"] = family.Key(strings.Repeat(canary, 100)).Set(ctx, store, session{})
	errs["mistyped"] = state.Define("i:<n:int>", state.FamilyOptions[int]{TTL: time.Minute}).Key(canary).Set(ctx, store, 1)
	errs["exists"] = state.SetIfAbsent(ctx, store, family.Key(canary), session{})
	errs["disabled"] = family.Key(canary).Set(ctx, open(state.Options{}), session{})
	errs["tenant"] = state.Touch(ctx, store.Tenant(canary), family.Key(canary))
	_, errs["no tenant"] = family.Key(canary).Get(ctx, store.Tenant(""))
	_, errs["no store"] = family.Key(canary).Get(ctx, nil)
	_, errs["view"] = family.Key(canary).Name(state.View{})
	errs["cause"] = &state.Error{Op: "x"}
	_, errs["url"] = state.Open(ctx, "redis://user:"+canary+"#@127.0.0.1:1", state.Options{})
	_, errs["url option"] = state.Open(ctx, "redis://user:"+canary+"@127.0.0.1:1/0?"+canary+"=1", state.Options{})
	_, errs["unreachable"] = state.Open(ctx, "redis://user:"+canary+"@127.0.0.1:1/0", state.Options{})

	for name, err := range errs {
		if !assert.Error(t, err, name) {
			continue
		}
		for _, text := range texts(err) {
			assert.NotContains(t, text, canary, name)
		}
	}
	labelled, ok := errors.AsType[*state.Error](errs["not found"])
	require.True(t, ok)
	assert.Equal(t, "k:none"+canary, labelled.Key(), "the key is there for who asks for it")
	assert.Equal(t, "state: Get k:<id>: not found", labelled.Error())
}

func TestErrorsOfAServerHoldNoneEither(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithConfig("user limited on >"+canary+" ~allowed:* +@all"), redistest.WithPassword("x"))
	family := state.Define("k:<id>", state.FamilyOptions[session]{TTL: time.Minute})

	_, err := state.Open(t.Context(), "redis://limited:wrong"+canary+"@"+srv.Addr(), state.Options{})
	assert.ErrorIs(t, err, state.ErrPermission)
	errs := map[string]error{"password": err}

	store, err := state.Open(t.Context(), "redis://limited:"+canary+"@"+srv.Addr(), state.Options{EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	_, errs["key"] = family.Key(canary).Get(t.Context(), store)
	errs["script"] = family.Key(canary).Set(t.Context(), store, session{User: canary}, state.KeepTTL())
	for name, err := range errs {
		assert.ErrorIs(t, err, state.ErrPermission, name)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome, name)
		for _, text := range texts(err) {
			assert.NotContains(t, text, canary, name)
		}
	}
}

func TestPrintedKeysAreTemplates(t *testing.T) {
	t.Parallel()
	key := sessions.Key(canary)
	for _, text := range []string{
		fmt.Sprint(key), fmt.Sprintf("%v %+v %#v %s %q %x %d", key, key, key, key, key, key, key), fmt.Sprint([]any{key}),
	} {
		assert.Contains(t, text, "session:<userID>")
		assert.NotContains(t, text, canary)
	}
	assert.Equal(t, "<no key>", fmt.Sprint(state.Key[int]{}))
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key)
	assert.NotContains(t, log.String(), canary)
}

func TestAWriteOutOfMemoryIsSaidToBe(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithConfig("maxmemory 1"))
	store, err := state.Open(t.Context(), srv.URL(), state.Options{EnableSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	for _, opts := range [][]state.SetOption{nil, {state.KeepTTL()}} {
		err = sessions.Key("1").Set(t.Context(), store, session{}, opts...)
		assert.ErrorIs(t, err, state.ErrOutOfMemory)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	}
}

// TestACommitIsRefusedAsAWhole has the server refuse what a commit would do after
// its first write.
func TestACommitIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("limited", "s3cret", "~*", "+@all", "-unlink"), redistest.WithUser("other", "s3cret", "~account:*", "+@all"))
	open := func(user string) *state.Store {
		store, err := state.New(srv.ClientAs(t, user), state.Options{EnableSet: true, EnableRemove: true})
		require.NoError(t, err)
		return store
	}
	commit := func(store *state.Store) error {
		return store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
			require.NoError(t, accounts.Key("b", "1").Set(ctx, tx, 2))
			return remove(ctx, tx, accounts.Key("b", "2"))
		})
	}
	limited := open("limited")
	for _, id := range []string{"1", "2"} {
		require.NoError(t, accounts.Key("b", id).Set(t.Context(), limited, 1))
	}
	err := commit(limited)
	assert.ErrorIs(t, err, state.ErrPermission)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	err = accounts.Key("b", "1").Set(t.Context(), open("other"), 2, state.OpID("x"))
	assert.ErrorIs(t, err, state.ErrPermission, "the receipt lies outside the user's keys")
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)

	admin := srv.Client(t)
	require.NoError(t, admin.ConfigSet(t.Context(), "maxmemory", "1").Err())
	store, err := state.New(admin, state.Options{EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	err = commit(store)
	assert.ErrorIs(t, err, state.ErrOutOfMemory)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	_, err = state.Update(t.Context(), store, accounts.Key("b", "1"), increment, state.OpID("x"))
	assert.ErrorIs(t, err, state.ErrOutOfMemory)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	_, err = state.Remove(t.Context(), store, accounts.Key("b", "2"))
	assert.NoError(t, err, "removing needs no memory")
	require.NoError(t, admin.ConfigSet(t.Context(), "maxmemory", "0").Err())
	assert.Equal(t, []int{1}, balances(t, store, "1"))
}

func TestAnExhaustedPoolIsOverloaded(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.PoolSize, o.PoolTimeout, o.ReadTimeout = 1, 50*time.Millisecond, 5*time.Second
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	require.NoError(t, store.Ping(t.Context()))

	srv.Pause(t)
	stuck := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	go func() { stuck <- sessions.Key("1").Set(ctx, store, session{}) }()
	require.Eventually(t, func() bool { return client.PoolStats().TotalConns-client.PoolStats().IdleConns == 1 }, 2*time.Second, time.Millisecond)
	err = sessions.Key("1").Set(t.Context(), store, session{})
	assert.ErrorIs(t, err, state.ErrOverloaded)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	brief, end := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer end()
	err = sessions.Key("1").Set(brief, store, session{})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome, "it waited for a connection and was not sent")

	err = <-stuck
	assert.ErrorIs(t, err, state.ErrUnknownOutcome, "it was sent")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	srv.Resume(t)
}

// serve answers the greeting of a client, takes one request after it, sends reply,
// and hangs up. It returns its address and what it was sent.
func serve(t *testing.T, reply string) (addr string, requests chan string) {
	t.Helper()
	requests = make(chan string, 64)
	return redistest.Serve(t, func(conn net.Conn) {
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			if request := string(buffer[:n]); !strings.Contains(request, "hello") {
				requests <- request
				_, _ = conn.Write([]byte(reply))
				return
			}
			_, _ = conn.Write([]byte("-ERR unknown command\r\n"))
		}
	}), requests
}

func TestAReplyThatIsNoneIsNotQuoted(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, canary+"\r\n")
	client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = client.Close() })
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	_, err = sessions.Key("1").Get(t.Context(), store)
	assert.ErrorContains(t, err, "the reply is not one of Redis")
	assert.NotContains(t, fmt.Sprintf("%+v", texts(err)), canary)
	err = sessions.Key("1").Set(t.Context(), store, session{})
	assert.ErrorIs(t, err, state.ErrUnknownOutcome)
	assert.NotContains(t, fmt.Sprintf("%+v", texts(err)), canary)
}

// TestAWriteIsSentOnce loses every reply, after which go-redis alone would send
// the request again.
func TestAWriteIsSentOnce(t *testing.T) {
	t.Parallel()
	addr, requests := serve(t, "")
	client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, MaxRetries: 3})
	t.Cleanup(func() { _ = client.Close() })
	store, err := state.New(client, state.Options{EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	key := sessions.Key("1")

	for name, write := range map[string]func() error{
		"set":     func() error { return key.Set(t.Context(), store, session{}) },
		"EVALSHA": func() error { return key.Set(t.Context(), store, session{}, state.KeepTTL()) },
		"NX":      func() error { return state.SetIfAbsent(t.Context(), store, key, session{}) },
		"GET":     func() error { _, _, err := state.Swap(t.Context(), store, key, session{}); return err },
		"PEXPIRE": func() error { return state.Touch(t.Context(), store, key) },
		"UNLINK":  func() error { return remove(t.Context(), store, key) },
		"state":   func() error { return store.SetState(t.Context(), "state", 1, time.Minute) },
		"session:2": func() error {
			results, err := state.SetMany(t.Context(), store, []state.KeyValue[session]{pair(key, session{}), pair(sessions.Key("2"), session{})})
			assert.ErrorIs(t, results[1], state.ErrUnknownOutcome)
			return err
		},
	} {
		assert.ErrorIs(t, write(), state.ErrUnknownOutcome, name)
		if assert.Len(t, requests, 1, name) {
			assert.Contains(t, strings.ToUpper(<-requests), strings.ToUpper(name))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = key.Get(ctx, store)
	assert.Error(t, err)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	assert.Greater(t, len(requests), 1, "a read may be repeated")
}
