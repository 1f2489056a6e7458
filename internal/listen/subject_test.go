package listen

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
)

type calls struct{ names []string }

func (c *calls) Heard(Message) { c.names = append(c.names, "heard") }
func (c *calls) Ready()        { c.names = append(c.names, "ready") }
func (c *calls) Lost(error)    { c.names = append(c.names, "lost") }
func (c *calls) Failed(error)  { c.names = append(c.names, "failed") }

func tellAll(g *listening) {
	g.hear(Message{})
	g.tell(ready, nil)
	g.tell(lost, ErrClosed)
	g.tell(failed, ErrClosed)
}

func TestNothingIsToldAfterTheEnd(t *testing.T) {
	t.Parallel()
	var c calls
	g := &listening{listener: &c}
	tellAll(g)
	assert.Equal(t, []string{"heard", "ready", "lost", "failed"}, c.names)
	tellAll(g)
	assert.Len(t, c.names, 4, "it has failed")
	g = &listening{listener: &c}
	g.end()
	tellAll(g)
	assert.Len(t, c.names, 4, "it was stopped")
}

func TestAPatternWithAHashTagHasOneSlot(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"{a}*":       true,
		"app:{7}:*":  true,
		"{{a}*":      true,
		"{a}{*}":     true,
		"{a}":        true,
		"*":          false,
		"app:*":      false,
		"app:7":      false, // nobody needs it
		"{}{a}*":     false, // the whole key is hashed
		"{a*}":       false,
		"{a*}{b}":    false,
		"{[ab]}*":    false,
		"{?}*":       false,
		`{\a}*`:      false, // it could be read, but is not
		"*{a}*":      false, // such as {b}{a}
		"?{a}":       false,
		"[{]b}{a}:*": false,
		"{a":         false,
		"a}*":        false,
	} {
		assert.Equal(t, want, Subject{Key: pattern, Pattern: true}.oneSlot(), "%q", pattern)
		assert.True(t, Subject{Key: pattern}.oneSlot())
	}
}

// Else a subject would be ready again with the first of its channels.
func TestNothingIsConfirmedAfterABreak(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	h := New(exec.New(client))
	defer h.Close()
	s := &subject{Subject: Subject{Key: "a"}, listeners: map[*listening]struct{}{}, posts: map[*link]*post{}}
	l := newLink(h, h.layout.Owner("a"))
	l.add(s)
	require.Len(t, l.due(), 2)
	for _, name := range []string{"a:__watch", "__keyspace@0__:a"} {
		assert.False(t, s.confirmed())
		kind := redis.Subscription{Kind: subscribe, Channel: name}
		if l.pending[0].channels[0].name != name {
			l.pending[0], l.pending[1] = l.pending[1], l.pending[0]
		}
		require.NoError(t, l.confirm(&kind))
	}
	assert.True(t, s.confirmed())
	assert.True(t, s.ready)
	require.ErrorIs(t, l.confirm(&redis.Subscription{Kind: subscribe, Channel: "a"}), errOrder)
	assert.True(t, l.broke(errors.New("broken")))
	assert.False(t, s.ready)
	require.Len(t, l.due(), 2, "it subscribes anew")
	require.NoError(t, l.confirm(&redis.Subscription{Kind: subscribe, Channel: l.pending[0].channels[0].name}))
	assert.False(t, s.confirmed())
	assert.False(t, s.ready)
}
