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
	{"C65", "no answer or record contains a seed or a code", "N 3.1.4.2; R62 R7", Must, false, c65},
	{"C66", "a seed has at least 112 bits and belongs to one token", "N 3.1.4.1; R62 R5", Must, false, c66},
}

func c64(e *env) string {
	u, f := e.user("master"), e.fob()
	code := e.code(f, 0)
	equal(e, true, e.perform(e.session(u), f, "activation", object{"code": code}).Done, "activation")
	equal(e, refused, e.transfer(u, code), "the code of the activation for a transfer")
	e.advanceSteps(1)
	equal(e, accepted, e.transfer(u, e.code(f, 0)), "the next code")
	return "refused for a transfer, the next code accepted"
}

// c65 reads all that the interface reveals of a token, its user and its history,
// including errors. It searches for the seed in the usual encodings, for the password,
// and for codes.
func c65(e *env) string {
	u := e.userWithToken("master")
	f := u.fob
	right, wrong := e.code(f, 0), e.wrongCodes(f, 1)[0]
	equal(e, accepted, e.transfer(u, right), "a correct code")
	equal(e, refused, e.transfer(u, wrong), "a wrong code")
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
				e.failf("an answer contains the %s", name)
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
		listen(e.send(e.session(u), http.MethodGet, path, nil))
	}
	// Errors: the same file again, and malformed bodies.
	listen(e.tryImport(pskcFile("", pskcKey{fob: f}), ""))
	listen(e.tryImport(strings.Replace(pskcFile("", pskcKey{fob: f}), "</Key>", "", 1), ""))
	listen(e.tryImport(f.serial+","+hex.EncodeToString(f.key)+",totp,6\n", "format=oath-csv"))
	listen(e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"serial": f.serial, "code": []string{right}}))
	listen(e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"code": wrong}))
	listen(e.send("", http.MethodPost, "/v1/sessions", object{"user": u.id, "password": []string{password}}))
	return fmt.Sprintf("%d bytes of answers contain none of %d kinds of secrets; the target's own log was not read", heard, len(secrets))
}

func c66(e *env) string {
	short, one, two := e.newFob(), e.newFob(), e.newFob()
	short.key = short.key[:10]
	if s := e.tryImport(pskcFile("", pskcKey{fob: short}), "").status; s < 400 {
		e.failf("a seed of 80 bits is imported")
	}
	two.key = one.key
	if s := e.tryImport(pskcFile("", pskcKey{fob: one}, pskcKey{fob: two}), "").status; s < 400 {
		e.failf("two tokens with the same seed in one file are imported")
	}
	equal(e, false, e.hasToken(short) || e.hasToken(one) || e.hasToken(two), "the target has one of these tokens")
	e.importFile(pskcFile("", pskcKey{fob: one}), e.contract)
	if s := e.tryImport(pskcFile("", pskcKey{fob: two}), "").status; s < 400 {
		e.failf("a token with the seed of another one is imported")
	}
	equal(e, false, e.hasToken(two), "the target has that token")
	e.accept(one, e.code(one, 0), "a code of the imported token")
	return "80 bits refused; the same seed twice refused, in one file and in two files"
}
