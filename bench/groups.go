package main

import (
	"fmt"
	"time"

	"github.com/typedstate/typedstate/bench/internal/peer"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
)

// The plans: at least 20 rounds, but for the generators, of which one run takes
// seconds.
var (
	// A block of the processor alone is over before much can come in between.
	loopPlan = suite.Plan{Rounds: 30, Block: 20 * time.Millisecond}
	// With one caller the processor idles between request and reply, and how deep it
	// sleeps changes from one moment to the next. Many short blocks, each beside its
	// neighbour, meet the same moments.
	singlePlan = suite.Plan{Rounds: 100, Block: 10 * time.Millisecond}
	// With many callers a block has to be long beside the time that it takes them all
	// to begin and to end.
	loadPlan = suite.Plan{Rounds: 24, Block: 60 * time.Millisecond}
	// A life has more than a dozen round trips.
	singleLifePlan = suite.Plan{Rounds: 60, Block: 20 * time.Millisecond}
	loadLifePlan   = suite.Plan{Rounds: 20, Block: 150 * time.Millisecond}
	// A busy machine must not make minutes of them.
	generatorPlan = suite.Plan{Rounds: 5, Limit: 6 * time.Second}
)

// callers are how many there are at the same time.
var callers = []int{1, 16, 64, 256}

// sizes are how many structs the generators work on.
var sizes = []int{1, 10, 100, 1000}

// groups returns all that is compared. Add a peer to a group here, and a group by
// a function like those below.
func (b *bench) groups() ([]suite.Group, error) {
	env, err := b.env()
	if err != nil {
		return nil, err
	}
	all := codecGroups()
	all = append(all, suite.Group{Name: "key", About: "make the key of a user's session", Plan: loopPlan, Sides: env.Keys()})
	kept := keep(env)
	for _, n := range callers {
		all = append(all, kept.groups(n)...)
	}
	all = append(all, suite.Group{
		Name: "getmany1000", About: "read 1000 sessions at once, JSON", Plan: loadPlan, Sides: env.Many(),
	})
	all = append(all, tinyGroups(env, 64)...)
	all = append(all,
		suite.Group{
			Name: "watch_c1", About: "write a session until the loop of a watch has it, or publish a word until it is received", Plan: singlePlan,
			Sides: env.Watches(),
		},
		suite.Group{
			Name: "set_watched_c1", About: "write a session of a family that is watched, " + by(1), Plan: singlePlan, Sides: env.Watched(),
		})
	for _, n := range []int{1, 64} {
		all = append(all, suite.Group{
			Name: fmt.Sprintf("limit_c%d", n), About: "count a call against a rate limit, " + by(n), Plan: plan(n), Sides: env.Limits(n),
		})
	}
	all = append(all, suite.Group{
		Name: "limit2_c64", About: "count a call against two rate limits, " + by(64), Plan: plan(64), Sides: env.TwoLimits(64),
	})
	all = append(all, lifeGroup(env, 1, singleLifePlan), lifeGroup(env, 64, loadLifePlan))
	generators, err := b.generatorGroups()
	return append(all, generators...), err
}

// lifeGroup is the life of a job, of n jobs at the same time.
func lifeGroup(env *peer.Env, n int, p suite.Plan) suite.Group {
	return suite.Group{
		Name: fmt.Sprintf("job_life_c%d", n), About: "a job's life: create, start, report ten times, finish, await; " + by(n),
		Plan: p, Sides: env.Lives(n),
	}
}

// codecGroups is encoding and decoding without Redis.
func codecGroups() []suite.Group {
	sessions, presences := peer.Sessions(), peer.Presences()
	jsons := []peer.Codec[model.Session]{
		peer.OursCodec[model.Session](model.SessionJSON), peer.StdJSON[model.Session](), peer.Goccy[model.Session](),
	}
	packs := []peer.Codec[model.Session]{
		peer.OursCodec[model.Session](model.SessionMsgpack), peer.MsgpSession(), peer.MsgpSessionReused(), peer.VMsgpack[model.Session](),
	}
	tinyJSONs := []peer.Codec[model.Presence]{
		peer.OursCodec[model.Presence](model.PresenceJSON), peer.StdJSON[model.Presence](), peer.Goccy[model.Presence](),
	}
	tinyPacks := []peer.Codec[model.Presence]{
		peer.OursCodec[model.Presence](model.PresenceMsgpack), peer.MsgpPresence(), peer.VMsgpack[model.Presence](),
	}
	return []suite.Group{
		loops("enc_json", "encode a session as JSON", sessions.Encoding, jsons),
		loops("dec_json", "decode a session from JSON", sessions.Decoding, jsons),
		loops("enc_msgpack", "encode a session as MessagePack", sessions.Encoding, packs),
		loops("dec_msgpack", "decode a session from MessagePack", sessions.Decoding, packs),
		loops("enc_json_tiny", "encode a presence as JSON", presences.Encoding, tinyJSONs),
		loops("dec_json_tiny", "decode a presence from JSON", presences.Decoding, tinyJSONs),
		loops("enc_msgpack_tiny", "encode a presence as MessagePack", presences.Encoding, tinyPacks),
		loops("dec_msgpack_tiny", "decode a presence from MessagePack", presences.Decoding, tinyPacks),
	}
}

func loops[T any](name, about string, side func(peer.Codec[T]) suite.Side, codecs []peer.Codec[T]) suite.Group {
	g := suite.Group{Name: name, About: about, Plan: loopPlan}
	for _, c := range codecs {
		g.Sides = append(g.Sides, side(c))
	}
	return g
}

// sessions are the ways to keep the users' sessions.
type sessions struct{ jsons, packs []peer.Kept }

func keep(env *peer.Env) sessions {
	users := peer.Sessions()
	return sessions{
		jsons: []peer.Kept{
			users.Keep(env.OursJSON()),
			users.Keep(peer.GoRedisJSON[model.Session](env, peer.SessionKind)),
			users.Keep(peer.GoRedisPooledJSON[model.Session](env, peer.SessionKind)),
			users.Keep(peer.GoRedisPipedJSON[model.Session](env, peer.SessionKind)),
			users.Keep(peer.GoRedisGoccy[model.Session](env, peer.SessionKind)),
			users.Keep(peer.RueidisJSON[model.Session](env, peer.SessionKind)),
			users.KeepRaw(env),
		},
		packs: []peer.Kept{
			users.Keep(env.OursMsgpack()),
			users.Keep(env.GoRedisMsgp()),
			users.Keep(env.RueidisMsgp()),
			users.Keep(peer.GoRedisVMsgpack[model.Session](env, peer.PackedKind)),
			users.Keep(peer.Cache[model.Session](env, peer.PackedKind)),
		},
	}
}

// groups is reading and writing by n callers at the same time.
func (s sessions) groups(n int) []suite.Group {
	return []suite.Group{
		loads("get_json", "read a session, JSON", n, peer.Kept.Getting, s.jsons),
		loads("set_json", "write a session, JSON", n, peer.Kept.Setting, s.jsons),
		loads("get_msgpack", "read a session, MessagePack", n, peer.Kept.Getting, s.packs),
		loads("set_msgpack", "write a session, MessagePack", n, peer.Kept.Setting, s.packs),
	}
}

// tinyGroups is the same with a value so small that little but the way to Redis
// and back counts.
func tinyGroups(env *peer.Env, n int) []suite.Group {
	users := peer.Presences()
	kept := []peer.Kept{
		users.Keep(env.OursPresence()),
		users.Keep(peer.GoRedisJSON[model.Presence](env, peer.PresenceKind)),
		users.Keep(peer.RueidisJSON[model.Presence](env, peer.PresenceKind)),
		users.KeepRaw(env),
	}
	return []suite.Group{
		loads("get_json_tiny", "read a presence, JSON", n, peer.Kept.Getting, kept),
		loads("set_json_tiny", "write a presence, JSON", n, peer.Kept.Setting, kept),
	}
}

func loads(name, about string, n int, side func(peer.Kept, int) suite.Side, kept []peer.Kept) suite.Group {
	g := suite.Group{Name: fmt.Sprintf("%s_c%d", name, n), About: about + ", " + by(n), Plan: plan(n)}
	for _, k := range kept {
		g.Sides = append(g.Sides, side(k, n))
	}
	return g
}

// generatorGroups is generating code. It is no work of this process, and what it
// allocates is not seen.
func (b *bench) generatorGroups() (groups []suite.Group, err error) {
	packages, err := b.corpus()
	if err != nil {
		return nil, err
	}
	for _, n := range sizes {
		groups = append(groups, suite.Group{
			Name: fmt.Sprintf("gen%d", n), About: fmt.Sprintf("generate the code for a package of %d structs", n),
			Plan: generatorPlan, Sides: packages.Sides(n),
		})
	}
	return groups, nil
}

func plan(n int) suite.Plan {
	if n == 1 {
		return singlePlan
	}
	return loadPlan
}

func by(n int) string {
	if n == 1 {
		return "one caller"
	}
	return fmt.Sprintf("%d callers", n)
}
