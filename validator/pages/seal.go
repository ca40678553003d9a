// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// The info strings of the keys that are derived from a session's secret. Each use has
// its own key.
const (
	infoForm  = "fob pages form token 1"
	infoState = "fob pages state cookie 1"
)

// maxSealed is the maximum size of a sealed cookie in bytes. Browsers store up to 4,096
// bytes including the name and attributes.
const maxSealed = 3800

// formToken returns the token that the forms of a session carry. A page of another site
// cannot read it, and therefore cannot send a form in the user's name.
func formToken(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(infoForm))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// goodFormToken reports whether a form carries the session's token.
func goodFormToken(secret, given string) bool {
	return secret != "" && hmac.Equal([]byte(formToken(secret)), []byte(given))
}

// state is the data that one page passes to the next. It never contains a code or a
// password.
type state struct {
	Flash *flash `json:"f,omitempty"`
	Draft *draft `json:"d,omitempty"`
}

// flash is a message that is shown once, on the next page.
type flash struct {
	Kind string `json:"k"` // "good", "bad" or "next"
	Text msg    `json:"t"`
	More msg    `json:"m,omitzero"`
}

// draft is the input of a form and the page that it belongs to.
type draft struct {
	Page   string            `json:"p"`
	Values map[string]string `json:"v"`
	Nonce  string            `json:"n"` // makes drafts with the same input different
}

// id identifies the content of a draft. The form that confirms the draft carries the
// id. The user then confirms what the page showed, even if another window has begun
// something else.
func (d *draft) id() string {
	if d == nil {
		return ""
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic("pages: internal error: draft: " + err.Error()) // cannot happen: strings only
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

// seal encrypts the state into the value of a cookie.
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
		return "", fmt.Errorf("the state of a page needs a cookie of %d bytes: the maximum is %d", len(sealed), maxSealed)
	}
	return sealed, nil
}

// openState decrypts the output of seal. Any other value, such as the cookie of another
// session, returns an empty state, which does no harm.
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
