package redistest

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// WithUser adds an ACL user with a password and rules such as "~app:*" and
// "+get". [Server.OptionsFor] and [Server.ClientAs] log in as that user, while
// the default user stays as it was.
func WithUser(name, password string, rules ...string) Option {
	line := []string{"user", strconv.Quote(name), "on", strconv.Quote(">" + password)}
	for _, r := range rules {
		line = append(line, strconv.Quote(r))
	}
	return optionFunc(func(s *settings) {
		users := map[string]string{name: password}
		maps.Copy(users, s.users)
		s.users = users
		s.lines = append(s.lines, strings.Join(line, " "))
	})
}

// OptionsFor returns [Server.Options] for a user of [WithUser]. It panics for
// any other name: without a password a client would log in as the default user.
func (s *Server) OptionsFor(user string) *redis.Options {
	password, ok := s.settings.users[user]
	if !ok {
		panic(fmt.Sprintf("redistest: no user %q", user))
	}
	opts := s.Options()
	opts.Username, opts.Password = user, password
	return opts
}

// ClientAs returns a new client with [Server.OptionsFor], closed at the end of
// the test.
func (s *Server) ClientAs(tb TB, user string) *redis.Client {
	tb.Helper()
	c := redis.NewClient(s.OptionsFor(user))
	tb.Cleanup(func() { closeQuietly(c) })
	return c
}
