package state_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

// Not parallel: it changes the default logger.
func TestAClientWithoutContextTimeoutIsWarnedOfOnce(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	for want, enabled := range map[int]bool{0: true, 1: false} {
		log.Reset()
		client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: enabled})
		t.Cleanup(func() { _ = client.Close() })
		store, err := state.New(client, state.Options{})
		require.NoError(t, err)
		_ = store.Tenant("a").ReadOnly()
		assert.Equal(t, want, strings.Count(log.String(), "ContextTimeoutEnabled"))
	}
}
