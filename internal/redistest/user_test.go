//go:build unix

package redistest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUser(t *testing.T) {
	t.Parallel()
	srv := Start(t,
		WithUser("app", `p"w >x`, "~app:*", "+get", "+set", "(~cfg:* +get)"),
		WithUser("nobody", "pw"),
	)
	ctx := within(t, 5*time.Second)
	app := srv.ClientAs(t, "app")
	require.NoError(t, app.Set(ctx, "app:k", "v", 0).Err())
	require.ErrorContains(t, app.Get(ctx, "cfg:k").Err(), "nil")
	require.ErrorContains(t, app.Set(ctx, "cfg:k", "v", 0).Err(), "NOPERM")
	require.ErrorContains(t, app.Set(ctx, "other", "v", 0).Err(), "NOPERM")
	require.ErrorContains(t, app.Del(ctx, "app:k").Err(), "NOPERM")
	require.ErrorContains(t, srv.ClientAs(t, "nobody").Get(ctx, "app:k").Err(), "NOPERM")
	assert.Panics(t, func() { srv.OptionsFor("somebody") })
	assert.Equal(t, "v", srv.Client(t).Get(ctx, "app:k").Val(), "the default user stays")
}
