package main

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
)

var update = flag.Bool("update", false, "write what the program prints to testdata/output.txt")

// clock finds what depends on how far a second is.
var clock = regexp.MustCompile(`(t=|Retry-After: )\d+`)

// printed returns what the program prints on that Redis, but for seconds.
func printed(t *testing.T, url string) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, run(t.Context(), url, &out))
	_, steps, _ := strings.Cut(out.String(), "\n")
	return clock.ReplaceAllString(steps, "${1}N")
}

func TestTheProgramPrintsTheSameOnEveryRedis(t *testing.T) {
	t.Parallel()
	here := printed(t, "")
	if *update {
		require.NoError(t, os.WriteFile("testdata/output.txt", []byte(here), 0o644))
	}
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	assert.Equal(t, string(want), here)

	srv := redistest.Start(t)
	assert.Equal(t, here, printed(t, srv.URL()))
	left, err := srv.Client(t).DBSize(t.Context()).Result()
	require.NoError(t, err)
	assert.Zero(t, left, "the program leaves keys behind")
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	assert.ErrorContains(t, run(t.Context(), "not a url", &out), "the URL does not parse")
}

func TestAStrangerIsAskedWhoTheyAre(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	authenticated(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/orders", http.NoBody))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
}

func TestALimiterIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	var l limits
	assert.False(t, reflect.TypeOf(l.users).AssignableTo(reflect.TypeOf(l.tenants)), "they could be swapped")
}
