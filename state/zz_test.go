package state_test
import ("testing";"context"; "github.com/redis/go-redis/v9"
st "github.com/typedstate/typedstate/state"
"github.com/typedstate/typedstate/internal/redistest")
func BenchmarkZZMany(b *testing.B) {
	s := newBeside(b, redistest.Start(b).Client(b))
	ctx := context.Background()
	pipe := func(int) error { _, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error { for _, n := range s.names { p.Get(ctx, n) }; return nil }); return err }
	mget := func(int) error { _, err := s.client.MGet(ctx, s.names...).Result(); return err }
	many := func(int) error { _, err := st.GetMany(ctx, s.store, s.keys...); return err }
	b.Run("pipe-vs-many", func(b *testing.B) { ratio(b, 1, pipe, many) })
	b.Run("mget-vs-many", func(b *testing.B) { ratio(b, 1, mget, many) })
}
func BenchmarkZZProf(b *testing.B) {
	s := newBeside(b, redistest.Start(b).Client(b))
	ctx := context.Background()
	for b.Loop() { st.GetMany(ctx, s.store, s.keys...) }
}
