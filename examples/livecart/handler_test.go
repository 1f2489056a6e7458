package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// newStore returns a store on a Redis in this process.
func newStore(t *testing.T, o state.Options) *state.Store {
	t.Helper()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { srv.Close() })
	store, err := state.New(srv.Client(), o)
	require.NoError(t, err)
	return store
}

func answer(h http.Handler, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

func item(name string, count int) url.Values {
	return url.Values{"name": {name}, "count": {strconv.Itoa(count)}}
}

func TestAVisitorGetsACartOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHandler(steps(), nil)
	first, second := answer(h, "GET", "/", nil), answer(h, "GET", "/", nil)
	assert.Equal(t, http.StatusSeeOther, first.Code)
	assert.NotEqual(t, first.Header().Get("Location"), second.Header().Get("Location"))
	got := answer(h, "GET", first.Header().Get("Location"), nil)
	assert.Equal(t, http.StatusOK, got.Code)
	assert.Equal(t, "text/html; charset=utf-8", got.Header().Get("Content-Type"))
	assert.Contains(t, got.Body.String(), "<title>Live cart</title>")
	assert.NotRegexp(t, `https?:|src=|@import|url\(`, got.Body.String(), "the page needs nothing but itself")
}

func TestABadIDIsRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(steps(), newStore(t, state.Options{EnableSet: true, EnableRemove: true}))
	for _, id := range []string{"a%20b", "a%2Fb", "a:b", "a.b", "%00", "%FF", "a%0A", "ä", strings.Repeat("a", 65)} {
		for _, c := range [][2]string{
			{"GET", "/carts/" + id}, {"GET", "/carts/" + id + "/events"}, {"POST", "/carts/" + id + "/items"}, {"DELETE", "/carts/" + id},
		} {
			got := answer(h, c[0], c[1], item("tea", 1))
			assert.Equal(t, http.StatusBadRequest, got.Code, c)
			assert.Equal(t, "the ID of a cart is 1 to 64 letters, digits, - and _\n", got.Body.String())
		}
	}
	assert.Equal(t, http.StatusNoContent, answer(h, "POST", "/carts/"+strings.Repeat("a", 64)+"/items", item("tea", 1)).Code)
}

func TestItemsAreAddedAndTheCartIsRemoved(t *testing.T) {
	t.Parallel()
	store := newStore(t, state.Options{EnableSet: true, EnableRemove: true})
	h, carts := newHandler(steps(), store), NewCartStore(store)
	require.NoError(t, carts.Set(t.Context(), "c1", Cart{}, state.TTL(time.Minute)))
	for _, form := range []url.Values{item(" tea ", 1), item("milk & sugar", 2), item("tea", 3)} {
		require.Equal(t, http.StatusNoContent, answer(h, "POST", "/carts/c1/items", form).Code)
	}
	entry, err := state.GetEntry(t.Context(), store, CartKey("c1"))
	require.NoError(t, err)
	assert.Equal(t, []Item{{"tea", 4}, {"milk & sugar", 2}}, entry.Value.Items)
	assert.Greater(t, entry.TTL, 29*time.Minute, "who shops on keeps the cart")

	require.Equal(t, http.StatusNoContent, answer(h, "DELETE", "/carts/c1", nil).Code)
	_, err = carts.Get(t.Context(), "c1")
	require.ErrorIs(t, err, state.ErrNotFound)
}

func TestWhatIsNoItemIsRefused(t *testing.T) {
	t.Parallel()
	store := newStore(t, state.Options{EnableSet: true, EnableRemove: true})
	h, carts := newHandler(steps(), store), NewCartStore(store)
	for name, form := range map[string]url.Values{
		"no name": item(" ", 1), "a long name": item(strings.Repeat("ä", 61), 1), "no text": item("\xff", 1),
		"none": item("tea", 0), "fewer": item("tea", -1), "many": item("tea", 100), "no count": {"name": {"tea"}, "count": {"x"}},
		"nothing": nil, "too much": {"name": {"tea"}, "count": {"1"}, "x": {strings.Repeat("x", 5000)}},
	} {
		got := answer(h, "POST", "/carts/c1/items", form)
		assert.Equal(t, http.StatusBadRequest, got.Code, name)
		assert.Equal(t, errItem.Error()+"\n", got.Body.String(), name)
	}
	_, err := carts.Get(t.Context(), "c1")
	require.ErrorIs(t, err, state.ErrNotFound)
	assert.Equal(t, http.StatusNoContent, answer(h, "POST", "/carts/c1/items", item(strings.Repeat("ä", 60), 99)).Code)
}

func TestAFullCartTakesNoMore(t *testing.T) {
	t.Parallel()
	store := newStore(t, state.Options{EnableSet: true, EnableRemove: true})
	h, carts := newHandler(steps(), store), NewCartStore(store)
	var full Cart
	for i := range maxLines {
		full.Items = append(full.Items, Item{strconv.Itoa(i), maxCount})
	}
	require.NoError(t, carts.Set(t.Context(), "c1", full))
	for _, name := range []string{"one more", "0"} {
		got := answer(h, "POST", "/carts/c1/items", item(name, 1))
		assert.Equal(t, http.StatusConflict, got.Code)
		assert.Equal(t, "the cart is full\n", got.Body.String())
	}
	cart, err := carts.Get(t.Context(), "c1")
	require.NoError(t, err)
	assert.Equal(t, full, cart)
}

func TestAChangeThatFailsSaysNothingOfTheCart(t *testing.T) {
	t.Parallel()
	h := newHandler(steps(), newStore(t, state.Options{}))
	for _, got := range []*httptest.ResponseRecorder{
		answer(h, "POST", "/carts/secret/items", item("tea", 1)), answer(h, "DELETE", "/carts/secret", nil),
	} {
		assert.Equal(t, http.StatusServiceUnavailable, got.Code)
		assert.Equal(t, "the cart could not be changed\n", got.Body.String())
	}
}

func TestAnotherSiteCannotChangeACart(t *testing.T) {
	t.Parallel()
	h := newHandler(steps(), newStore(t, state.Options{EnableSet: true, EnableRemove: true}))
	r := httptest.NewRequest(http.MethodPost, "/carts/c1/items", strings.NewReader(item("tea", 1).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	got := httptest.NewRecorder()
	h.ServeHTTP(got, r)
	assert.Equal(t, http.StatusForbidden, got.Code)
}
