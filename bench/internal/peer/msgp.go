package peer

import "github.com/typedstate/typedstate/bench/model"

// MsgpSession is the code that tinylib/msgp generates, which encodes into a new
// slice of the right size. It is written out for each type, as its values would
// not stay on the stack if it were generic.
//
//nolint:dupl // see above
func MsgpSession() Codec[model.Session] {
	return Codec[model.Session]{
		Name: "msgp",
		Encode: func(values []model.Session, n int) error {
			for i := range n {
				if _, err := values[i%documents].MarshalMsg(nil); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(docs [][]byte, n int) error {
			for i := range n {
				var v model.Session
				if _, err := v.UnmarshalMsg(docs[i%documents]); err != nil {
					return err
				}
			}
			return nil
		},
		Marshal:   func(v *model.Session) ([]byte, error) { return v.MarshalMsg(nil) },
		Unmarshal: func(data []byte, v *model.Session) error { _, err := v.UnmarshalMsg(data); return err },
	}
}

// MsgpSessionReused is the same into a buffer that it uses again.
func MsgpSessionReused() Codec[model.Session] {
	c := MsgpSession()
	c.Name = "msgp_reused"
	var buffer []byte
	c.Encode = func(values []model.Session, n int) (err error) {
		for i := range n {
			if buffer, err = values[i%documents].MarshalMsg(buffer[:0]); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// MsgpPresence is MsgpSession for the small value.
//
//nolint:dupl // as there
func MsgpPresence() Codec[model.Presence] {
	return Codec[model.Presence]{
		Name: "msgp",
		Encode: func(values []model.Presence, n int) error {
			for i := range n {
				if _, err := values[i%documents].MarshalMsg(nil); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(docs [][]byte, n int) error {
			for i := range n {
				var v model.Presence
				if _, err := v.UnmarshalMsg(docs[i%documents]); err != nil {
					return err
				}
			}
			return nil
		},
		Marshal:   func(v *model.Presence) ([]byte, error) { return v.MarshalMsg(nil) },
		Unmarshal: func(data []byte, v *model.Presence) error { _, err := v.UnmarshalMsg(data); return err },
	}
}
