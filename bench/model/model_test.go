package model

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/typedstate/typedstate/state"
)

// The README of this module says how large the values are.
func TestSizes(t *testing.T) {
	for n := range 1000 {
		session, err := json.Marshal(SampleSession(n))
		if err != nil {
			t.Fatal(err)
		}
		if len(session) < 1000 || len(session) > 1040 {
			t.Fatalf("session %d has %d bytes of JSON: %s", n, len(session), session)
		}
		presence, err := json.Marshal(SamplePresence(n))
		if err != nil {
			t.Fatal(err)
		}
		if len(presence) < 48 || len(presence) > 56 {
			t.Fatalf("presence %d has %d bytes of JSON: %s", n, len(presence), presence)
		}
	}
}

func TestEqualSeesEachField(t *testing.T) {
	whole := SampleSession(1)
	if !whole.Equal(SampleSession(1)) {
		t.Fatal("a session is not equal to itself")
	}
	for i, change := range []func(*Session){
		func(s *Session) { s.UserID += "x" },
		func(s *Session) { s.Email += "x" },
		func(s *Session) { s.Locale += "x" },
		func(s *Session) { s.CreatedAt = s.CreatedAt.Add(1) },
		func(s *Session) { s.Visits++ },
		func(s *Session) { s.Revision++ },
		func(s *Session) { s.Verified = false },
		func(s *Session) { s.Total++ },
		func(s *Session) { s.Cart = s.Cart[1:] },
		func(s *Session) { s.Tags = s.Tags[1:] },
		func(s *Session) { s.Labels = nil },
		func(s *Session) { s.Address.Zip = "" },
	} {
		changed := SampleSession(1)
		change(&changed)
		if changed.Equal(whole) {
			t.Errorf("change %d is not seen", i)
		}
	}
}

// What is measured without Redis is what the families store.
func TestCodecsAreThoseOfTheFamilies(t *testing.T) {
	generated, err := os.ReadFile("state_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	for call, codec := range map[string]state.Codec{
		"rt.JSON(sessionToJSON, sessionFromJSON)":            SessionJSON,
		"rt.Msgpack(sessionToMsgpack, sessionFromMsgpack)":   SessionMsgpack,
		"rt.JSON(presenceToJSON, presenceFromJSON)":          PresenceJSON,
		"rt.Msgpack(presenceToMsgpack, presenceFromMsgpack)": PresenceMsgpack,
	} {
		family := strings.Contains(string(generated), call)
		measured := strings.Contains(fmt.Sprintf("%T", codec), "rt.")
		if family != measured {
			t.Errorf("%s: the family has it: %t, codec.go has it: %t", call, family, measured)
		}
	}
}
