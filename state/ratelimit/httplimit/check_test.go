package httplimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

func TestNewPanicsWithWhatToMend(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	users := s.limiter(t, "users:<id>", ratelimit.Options{}, ratelimit.Window("minute", 1, time.Minute))
	user := httplimit.Per(users, header("User"))
	for name, tc := range map[string]struct {
		checks []httplimit.Check
		want   string
	}{
		"no checks":        {nil, "httplimit.New: there are no checks; give one or more, made by Per"},
		"a zero check":     {[]httplimit.Check{user, {}}, "httplimit.New: check 2 was not made by Per"},
		"no limiter":       {[]httplimit.Check{user, httplimit.Per(nil, header("User"))}, "httplimit.New: check 2 has no limiter; give Per one that ratelimit.New has made"},
		"a zero limiter":   {[]httplimit.Check{httplimit.Per(new(ratelimit.Limiter[string]), header("User"))}, "httplimit.New: check 1 has no limiter; give Per one that ratelimit.New has made"},
		"no function":      {[]httplimit.Check{httplimit.Per(users, nil).Prefix("p-")}, "httplimit.New: check 1 has no function; give Per one that finds the subject of a request"},
		"one name twice":   {[]httplimit.Check{user, user}, `httplimit.New: two checks have a limit "minute"; tell them apart for clients by Check.Prefix`},
		"an odd prefix":    {[]httplimit.Check{user.Prefix(`a"b`)}, `httplimit.New: check 1 has the prefix "a\"b"; use a-z, 0-9, "_" and "-"`},
		"odd in its midst": {[]httplimit.Check{user.Prefix("a b")}, `httplimit.New: check 1 has the prefix "a b"; use a-z, 0-9, "_" and "-"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.PanicsWithValue(t, tc.want, func() { httplimit.New(httplimit.Options{}, tc.checks...) })
		})
	}
	assert.NotPanics(t, func() { httplimit.New(httplimit.Options{}, user, user.Prefix("other-")) })
}
