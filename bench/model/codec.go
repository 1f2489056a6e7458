package model

import (
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/rt"
)

// The codecs of the families in this package, for measuring them without Redis.
// They are those that state_gen.go names in its families.
var (
	SessionJSON     state.Codec = rt.JSON(sessionToJSON, sessionFromJSON)
	SessionMsgpack  state.Codec = rt.Msgpack(sessionToMsgpack, sessionFromMsgpack)
	PresenceJSON    state.Codec = rt.JSON(presenceToJSON, presenceFromJSON)
	PresenceMsgpack state.Codec = rt.Msgpack(presenceToMsgpack, presenceFromMsgpack)
)
