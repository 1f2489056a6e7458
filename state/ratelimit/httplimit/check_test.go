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
