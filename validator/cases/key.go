// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

var keyCases = []Case{
	{"C64", "the code of an activation cannot be used again", "R62 §5.2", Must, false, c64},
	{"C65", "no seed and no code is in any answer or record", "N 3.1.4.2; R62 R7", Must, false, c65},
	{"C66", "a seed has at least 112 bits, and is one token's", "N 3.1.4.1; R62 R5", Must, false, c66},
}

func c64(e *env) string {
	u, f := e.user("master"), e.fob()
	code := e.code(f, 0)
	same(e, true, e.act(e.as(u), f, "activation", object{"code": code}).Done, "activation")
	same(e, refused, e.transfer(u, code), "the code of the activation")
	e.steps(1)
	same(e, accepted, e.transfer(u, e.code(f, 0)), "the next code")
	return "refused for a transfer, the next accepted"
}

// c65 reads all that the interface reveals of a token, its user and its history,
// including errors. It searches for the seed in the usual encodings, for the password,
// and for codes.
func c65(e *env) string {
	u := e.with("master")
	f := u.fob
	right, wrong := e.code(f, 0), e.wrong(f, 1)[0]
	same(e, accepted, e.transfer(u, right), "a right code")
	same(e, refused, e.transfer(u, wrong), "a wrong code")
	secrets := map[string]string{
		"seed in hexadecimal": hex.EncodeToString(f.key),
		"seed in base32":      base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(f.key),
		"seed in base64":      strings.TrimRight(base64.StdEncoding.EncodeToString(f.key), "="),
		"password":            password,
		"accepted code":       `"` + right + `"`,
		"wrong code":          `"` + wrong + `"`,
	}
	clerk := e.client.t.ClerkKey
	var heard int
	listen := func(r reply) {
		heard += len(r.body)
		for name, s := range secrets {
			if bytes.Contains(bytes.ToLower(r.body), []byte(strings.ToLower(s))) {
				e.failf("the %s is in an answer", name)
			}
		}
	}
	serial := escaped(f.serial)
	for _, path := range []string{
		"/v1/tokens/" + serial, "/v1/tokens?contract=" + escaped(e.contract), "/v1/tokens/" + serial + "/suspension",
		"/v1/users/" + escaped(u.id), "/v1/users?contract=" + escaped(e.contract), "/v1/contracts/" + escaped(e.contract),
		"/v1/transactions?contract=" + escaped(e.contract), "/v1/audit?serial=" + serial, "/v1/audit?contract=" + escaped(e.contract),
		"/v1/audit/export", "/v1/keys", "/v1/settings", "/metrics", "/openapi.json",
	} {
		listen(e.send(clerk, http.MethodGet, path, nil))
	}
	for _, path := range []string{"/v1/status", "/v1/sessions/current", "/v1/tokens/" + serial, "/v1/transactions"} {
		listen(e.send(e.as(u), http.MethodGet, path, nil))
	}
	// Errors: the same file again, and malformed bodies.
	listen(e.tryImport(pskcFile("", pskcKey{fob: f}), ""))
	listen(e.tryImport(strings.Replace(pskcFile("", pskcKey{fob: f}), "</Key>", "", 1), ""))
	listen(e.tryImport(f.serial+","+hex.EncodeToString(f.key)+",totp,6\n", "format=oath-csv"))
	listen(e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"serial": f.serial, "code": []string{right}}))
	listen(e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"code": wrong}))
	listen(e.send("", http.MethodPost, "/v1/sessions", object{"user": u.id, "password": []string{password}}))
	return fmt.Sprintf("%d kinds of secret in none of %d bytes of answers; the target's own log is not seen from here", len(secrets), heard)
}

func c66(e *env) string {
	short, one, two := e.newFob(), e.newFob(), e.newFob()
	short.key = short.key[:10]
	if s := e.tryImport(pskcFile("", pskcKey{fob: short}), "").status; s < 400 {
		e.failf("a seed of 80 bits is taken in")
	}
	two.key = one.key
	if s := e.tryImport(pskcFile("", pskcKey{fob: one}, pskcKey{fob: two}), "").status; s < 400 {
		e.failf("two tokens of one file with the same seed are taken in")
	}
	same(e, false, e.there(short) || e.there(one) || e.there(two), "a token of these is there")
	e.imported(pskcFile("", pskcKey{fob: one}), e.contract)
	if s := e.tryImport(pskcFile("", pskcKey{fob: two}), "").status; s < 400 {
		e.failf("a token with the seed of another is taken in")
	}
	same(e, false, e.there(two), "that token is there")
	e.accept(one, e.code(one, 0), "a code of the one that was taken in")
	return "80 bits refused; the same seed twice refused, in one file and in two"
}
