// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// What is derived from a session's secret; each use has a key of its own.
const (
	infoForm  = "fob pages form token 1"
	infoState = "fob pages state cookie 1"
)

// maxSealed is the most bytes of a sealed cookie: browsers keep 4,096 with name
// and attributes.
const maxSealed = 3800

var errSealed = errors.New("a cookie of the pages cannot be made or read")

// formToken returns the token that the forms of a session carry. A page of
// another site cannot read it, and so cannot send a form in the user's name.
func formToken(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(infoForm))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// goodFormToken reports whether a form's token is the session's.
func goodFormToken(secret, given string) bool {
	return secret != "" && hmac.Equal([]byte(formToken(secret)), []byte(given))
}

// newSecret returns a secret for a browser in which nobody is logged in.
func newSecret() string { return rand.Text() }

// state is what one page leaves for the next. There is never a code or a password
// in it.
type state struct {
	Flash *flash `json:"f,omitempty"`
	Draft *draft `json:"d,omitempty"`
}

// flash is what is said once, on the next page.
type flash struct {
	Kind string `json:"k"` // "good", "bad" or "next"
	Text msg    `json:"t"`
	More msg    `json:"m,omitzero"`
}

// draft is a form that was filled in, and of which page.
type draft struct {
	Page   string            `json:"p"`
	Values map[string]string `json:"v"`
	Nonce  string            `json:"n"` // two drafts that say the same are two
}

// id identifies the content of a draft: a form that confirms it carries the id,
// so that what is confirmed is what was read, also when another window has begun
// something else.
func (d *draft) id() string {
	if d == nil {
		return ""
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic("pages: internal error: draft: " + err.Error()) // strings only
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// stateCipher returns the cipher of a session's cookies.
func stateCipher(secret string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, infoState, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal returns the state as the value of a cookie.
func (st state) seal(secret string) (string, error) {
	text, err := json.Marshal(st)
	if err != nil {
		return "", err
	}
	c, err := stateCipher(secret)
	if err != nil {
		return "", err
	}
	sealed := base64.RawURLEncoding.EncodeToString(c.Seal(nil, nil, text, nil))
	if len(sealed) > maxSealed {
		return "", errSealed
	}
	return sealed, nil
}

// openState reads what seal wrote. Anything else, such as another session's, is
// an empty state: nothing hangs on it.
func openState(secret, value string) state {
	var st state
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(value) > maxSealed {
		return state{}
	}
	c, err := stateCipher(secret)
	if err != nil {
		return state{}
	}
	text, err := c.Open(nil, nil, sealed, nil)
	if err != nil || json.Unmarshal(text, &st) != nil {
		return state{}
	}
	return st
}
