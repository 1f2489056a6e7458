package state

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestARefusalIsKnownByItsCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"WRONGTYPE Operation against a key holding the wrong kind of value":                                          ErrWrongType,
		"OOM command not allowed when used memory > 'maxmemory'.":                                                    ErrOutOfMemory,
		"NOPERM this user has no permissions to access one of the keys used as arguments":                            ErrPermission,
		"NOAUTH Authentication required.":                                                                            ErrPermission,
		"WRONGPASS invalid username-password pair or user is disabled.":                                              ErrPermission,
		"ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:2.":       ErrPermission,
		"ERR The user executing the script can't access at least one of the keys mentioned in the command arguments": ErrPermission,
		"ERR ACL failure in script: User x has no permissions to access one of the keys used as arguments script: 1": ErrPermission,
		"READONLY You can't write against a read only replica.":                                                      serverError("READONLY"),
		"ERR unknown command 'GETX', with args beginning with: 'secret' ":                                            serverError("ERR"),
		"secret": serverError("ERR"),
		"":       serverError(""),
	} {
		assert.ErrorIs(t, refusal(text), want, text)
		assert.NotContains(t, refusal(text).Error(), "secret")
	}
	assert.ErrorContains(t, refusal("MOVED 866 127.0.0.1:7001"), "IsClusterMode")
}
