//go:build unix

package main

import (
	"flag"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/examples/internal/browsertest"
	"github.com/typedstate/typedstate/state"
)

var screenshot = flag.Bool("screenshot", false, "write docs/livecart.png")

func TestABrowserShowsTheCartLive(t *testing.T) {
	t.Parallel()
	path := browsertest.Chromium(t)
	s := newStage(t)
	b := browsertest.Browse(t, path, s.URL, "--dump-dom")
	s.Shows(t, "Live", "There is no cart yet. Add the first item.", "current: no cart")

	s.add("Green tea", "2")
	s.Shows(t, "Green tea", "× 2", "set: 2 items")
	s.put(t, Item{"Milk", 1})
	s.Shows(t, "Milk", "× 1", "3 items")
	s.add("Green tea", "98")
	s.Shows(t, "Not done: the cart is full.")

	gate := s.drop()
	s.Shows(t, "Reconnecting…", "3 items")
	s.put(t, Item{"<b>Sugar</b>", 2})
	s.resume(gate)
	s.Shows(t, "Live", "<b>Sugar</b>", "5 items", "current: 5 items, changed meanwhile")
	s.put(t, Item{"Milk", 1})
	s.Shows(t, "6 items")

	s.Run(`the("remove").click()`)
	s.Shows(t, "The cart was removed.")
	require.NoError(t, CartKey(cartID).Set(t.Context(), s.store, Cart{Items: []Item{{"Salt", 1}}}, state.TTL(700*time.Millisecond)))
	s.Shows(t, "set: 1 item")
	s.Shows(t, "The cart has expired.")
	s.Release()

	dom := b.Wait(t)
	var log []string
	for _, line := range regexp.MustCompile(`<li data-kind="[a-z]+"><time>[0-9:]{8}</time><span>([^<]*)</span>`).FindAllStringSubmatch(dom, -1) {
		log = append(log, line[1])
	}
	slices.Reverse(log)
	assert.Equal(t, []string{
		"Live", "current: no cart", "set: 2 items", "set: 3 items",
		"Reconnecting…", "Live", "current: 5 items, changed meanwhile", "set: 6 items",
		"removed: no cart", "set: 1 item", "expired: no cart",
	}, log)
	assert.Regexp(t, `<p id="connection" role="status" data-state="live">Live</p>`, dom)
	assert.Regexp(t, `<ul id="items"></ul>\s*<p id="notice">The cart has expired.</p>`, dom)
}

// With the flag -screenshot the picture of the documentation is taken anew.
func TestScreenshot(t *testing.T) {
	t.Parallel()
	if !*screenshot {
		t.Skip("writes docs/livecart.png; run with -screenshot")
	}
	path := browsertest.Chromium(t)
	s := newStage(t)
	picture, err := filepath.Abs("../../docs/livecart.png")
	require.NoError(t, err)
	b := browsertest.Browse(t, path, s.URL, "--screenshot="+picture, "--window-size=900,640")
	s.Shows(t, "Live")
	s.add("Green tea", "2")
	s.Shows(t, "set: 2 items")
	s.put(t, Item{"Earl Grey, 250 g", 1})
	s.Shows(t, "set: 3 items")
	gate := s.drop()
	s.Shows(t, "Reconnecting…")
	s.put(t, Item{"Teapot", 1})
	s.resume(gate)
	s.Shows(t, "Live", "4 items")
	s.put(t, Item{"Oat biscuits", 3})
	s.Shows(t, "7 items")
	s.Release()
	b.Wait(t)
}
