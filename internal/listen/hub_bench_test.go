package listen_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/listen"
	"github.com/typedstate/typedstate/internal/redistest"
)

type counter struct{ heard, ready *sync.WaitGroup }

func (c counter) Heard(listen.Message) { c.heard.Done() }
func (c counter) Ready()               { c.ready.Done() }
func (c counter) Lost(error)           {}
func (c counter) Failed(error)         {}

// A message with ten thousand listeners to other keys on the connection.
func BenchmarkHeard(b *testing.B) {
	srv := redistest.Start(b)
	client := srv.Client(b)
	h := listen.New(exec.New(client))
	defer h.Close()
	c := counter{new(sync.WaitGroup), new(sync.WaitGroup)}
	c.ready.Add(10000)
	for i := range 10000 {
		h.Listen(listen.Subject{Key: fmt.Sprint("k:", i)}, c)
	}
	c.ready.Wait()
	b.ResetTimer()
	c.heard.Add(b.N)
	for done := 0; done < b.N; {
		p := client.Pipeline()
		for n := min(b.N-done, 1000); n > 0; n-- {
			p.Publish(b.Context(), listen.Channel(fmt.Sprint("k:", done%10000)), "x")
			done++
		}
		_, err := p.Exec(b.Context())
		require.NoError(b, err)
	}
	c.heard.Wait()
}

// Listening to a key that nobody else listens to, until it is ready.
func BenchmarkListen(b *testing.B) {
	srv := redistest.Start(b)
	h := listen.New(exec.New(srv.Client(b)))
	defer h.Close()
	c := counter{new(sync.WaitGroup), new(sync.WaitGroup)}
	for i := 0; b.Loop(); i++ {
		c.ready.Add(1)
		stop := h.Listen(listen.Subject{Key: fmt.Sprint("k:", i)}, c)
		c.ready.Wait()
		stop()
	}
}
