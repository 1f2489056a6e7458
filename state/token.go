package state

import (
	"crypto/sha1" //nolint:gosec // what Redis can compute in a script
	"encoding/hex"
	"errors"
)

// Token names what was stored at a key at some moment: the exact bytes, or that
// there were none. A write that is given one, such as [SetIf], happens only if
// that is still so.
//
// A token names bytes, not history: a value that was changed and changed back
// matches again. The token of a value never matches absence, so whoever holds it
// cannot bring back what was removed or has expired. A zero Token matches
// nothing. Tokens are comparable, and print and parse, so that they can travel
// as an HTTP ETag or a form field.
//
// It is the SHA-1 of the bytes, which is what a script in Redis can compute.
type Token struct {
	digest [sha1.Size]byte
	kind   tokenKind
}

type tokenKind uint8

const (
	tokenNone tokenKind = iota
	tokenAbsent
	tokenValue
)

const absentText = "absent"

// Absent returns the token of a key that holds no value.
func Absent() Token { return Token{kind: tokenAbsent} }

func tokenOf(data []byte) Token {
	return Token{digest: sha1.Sum(data), kind: tokenValue} //nolint:gosec // as above
}

// IsZero reports whether t is the zero Token, which matches nothing.
func (t Token) IsZero() bool { return t.kind == tokenNone }

// String returns the token as 40 hexadecimal digits, "absent", or "" for the zero
// Token.
func (t Token) String() string {
	switch t.kind {
	case tokenAbsent:
		return absentText
	case tokenValue:
		return hex.EncodeToString(t.digest[:])
	default:
		return ""
	}
}

// ParseToken returns the token that [Token.String] has written. It fails for any
// other text.
func ParseToken(text string) (t Token, err error) {
	switch text {
	case "":
		return Token{}, nil
	case absentText:
		return Absent(), nil
	}
	n, err := hex.Decode(t.digest[:], []byte(text[:min(len(text), 2*sha1.Size)]))
	if t.kind = tokenValue; err != nil || n != sha1.Size || t.String() != text {
		return Token{}, errors.New("state: not a token; give the text of Token.String")
	}
	return t, nil
}

// MarshalText returns what [Token.String] does.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText is [ParseToken].
func (t *Token) UnmarshalText(text []byte) (err error) {
	*t, err = ParseToken(string(text))
	return err
}

// expectation returns what a commit is told to expect.
func (t Token) expectation() expectation {
	switch t.kind {
	case tokenAbsent:
		return expectAbsent
	case tokenValue:
		return expectation(t.String())
	default:
		return expectNever
	}
}
