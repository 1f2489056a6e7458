package awaits

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

func TestADeafClientMissesMessagesAndNothingElse(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, protocol := range []int{2, 3} {
		opts := server.Options()
		opts.Protocol, opts.Dialer = protocol, deafDial
		client := redis.NewClient(opts)
		t.Cleanup(func() { _ = client.Close() })
		ctx := t.Context()
		if err := client.Set(ctx, "key", "message\r\n", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := client.Get(ctx, "key").Result(); err != nil || got != "message\r\n" {
			t.Errorf("read %q, %v", got, err)
		}
		sub := client.Subscribe(ctx, "one", "two")
		if err := sub.SSubscribe(ctx, "three"); err != nil {
			t.Fatal(err)
		}
		if err := sub.PSubscribe(ctx, "o*"); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			m, err := sub.ReceiveTimeout(ctx, 5*time.Second)
			if _, ok := m.(*redis.Subscription); !ok || err != nil {
				t.Fatalf("a subscription is answered by %v, %v", m, err)
			}
		}
		for range 100 {
			if n, err := client.Publish(ctx, "one", "news").Result(); n != 2 || err != nil {
				t.Fatalf("published to %d, %v", n, err)
			}
			if n, err := client.SPublish(ctx, "three", "news").Result(); n != 1 || err != nil {
				t.Fatalf("published to %d, %v", n, err)
			}
		}
		if err := sub.Ping(ctx, "there"); err != nil {
			t.Fatal(err)
		}
		m, err := sub.ReceiveTimeout(ctx, 5*time.Second)
		if pong, ok := m.(*redis.Pong); !ok || pong.Payload != "there" || err != nil {
			t.Errorf("after the messages comes %v, %v", m, err)
		}
		if err := sub.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
