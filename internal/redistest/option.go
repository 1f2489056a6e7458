package redistest

import "strconv"

// Option changes how [Start] runs a server.
type Option interface{ apply(*settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

// settings is what the options of one server add up to.
type settings struct {
	lines    []string
	password string
	users    map[string]string // passwords by name
	tls      bool
	// replicaOf is "host port" of the master that a replica starts with.
	replicaOf string
	// args follow the configuration file on the command line.
	args []string
	// ownConf leaves the configuration file to the process, which rewrites it.
	ownConf bool
	// pick chooses the port; tests put a taken one in the way.
	pick func() (int, error)
}

func newSettings(opts []Option) settings {
	s := settings{pick: freePort}
	for _, o := range opts {
		o.apply(&s)
	}
	return s
}

// WithAOF keeps data across [Server.Restart] and [Server.Kill] in an
// append-only file that is synced before a write is answered. Without it
// nothing is kept.
func WithAOF() Option {
	return WithConfig("appendonly yes", "appendfsync always")
}

// WithConfig adds lines of redis.conf, quoted as Redis wants them there. They
// come last and so win, but must leave port, bind, dir, daemonize and logfile
// alone.
func WithConfig(lines ...string) Option {
	return optionFunc(func(s *settings) { s.lines = append(s.lines, lines...) })
}

// WithPassword makes the server ask for a password. [Server.Client] and
// [Server.URL] know it.
func WithPassword(password string) Option {
	return optionFunc(func(s *settings) {
		s.password = password
		s.lines = append(s.lines, "requirepass "+strconv.Quote(password))
	})
}
