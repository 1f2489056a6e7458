package model

import "github.com/typedstate/typedstate/state"

// The codecs of the families in this package, for measuring them without Redis.
// Where stategen generates codecs, they are what is named here, and in the
// families of state_gen.go.
var (
	SessionJSON     state.Codec = state.JSON()
	SessionMsgpack  state.Codec = state.Msgpack()
	PresenceJSON    state.Codec = state.JSON()
	PresenceMsgpack state.Codec = state.Msgpack()
)
