// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

var fileCases = []Case{
	{"C58", "a file's period counts; a missing one is an error, not 30", "R62 R4", Must, false, c58},
	{"C59", "the MAC of an encrypted seed is verified, and a missing one refused", "R60 §6.1.1", Must, false, c59},
	{"C60", "with a wrong key or password nothing is imported", "R60 §6", Must, false, c60},
	{"C61", "a file with a default namespace, with a prefix, and in another order give the same token", "XML namespaces", Must, false, c61},
	{"C62", "TimeDrift is a number of intervals", "R60 §4.2 TimeDrift", Must, false, c62},
	{"C63", "what is not supported in a file is refused, not ignored", "R60", Must, false, c63},
}

func c58(e *env) string {
	f, g := e.newFob(), e.newFob()
	row := func(f *fob) string { return f.serial + "," + hex.EncodeToString(f.key) + ",totp,6" }
	r := e.tryImport(row(f)+"\n", "format=oath-csv")
	if r.status < 400 {
		e.failf("a file without a period is taken in")
	}
	same(e, false, e.there(f), "its token is there")
	if s := e.tryImport(row(f)+",30\n", "format=oath-csv").status; s < 400 {
		e.failf("a file with 30 s is taken in by a bank whose tokens have 60 s")
	}
	same(e, http.StatusCreated, e.tryImport(row(f)+",60\n", "format=oath-csv").status, "a file with 60 s")
	e.accept(f, e.code(f, 0), "its code of 60 s")
	same(e, http.StatusCreated, e.tryImport(row(g)+"\n", "format=oath-csv&step=60").status, "a file without a period, and 60 s named")
	e.accept(g, e.code(g, 0), "its code of 60 s")
	return fmt.Sprintf("without the column refused (%d), with 30 refused, with 60 taken in", r.status)
}

// sealed returns an encrypted file with one token.
func (e *env) sealed(f *fob, how seedfile.Encryption) string {
	serial, err := token.ParseSerial(f.serial)
	if err != nil {
		e.failf("%v", err)
	}
	seed, err := token.NewSeed(f.key)
	if err != nil {
		e.failf("%v", err)
	}
	format, err := seedfile.FormatByName("pskc")
	if err != nil {
		e.failf("%v", err)
	}
	var b bytes.Buffer
	w, err := format.NewWriter(&b, seedfile.WriteOptions{Encrypt: &how})
	if err == nil {
		err = w.Write(&seedfile.Record{Serial: serial, Seed: seed, Digits: 6, Step: period})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		e.failf("writing an encrypted file: %v", err)
	}
	return b.String()
}

// importSealed sends an encrypted file with its key or password, and returns the
// status.
func (e *env) importSealed(file, field, secret string) int {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	err := form.WriteField(field, secret)
	if err == nil {
		var part interface{ Write([]byte) (int, error) }
		if part, err = form.CreateFormFile("file", "tokens.xml"); err == nil {
			_, err = part.Write([]byte(file))
		}
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		e.failf("form: %v", err)
	}
	r, err := e.client.send(e.ctx, e.client.t.ClerkKey, http.MethodPost, "/v1/imports?contract="+escaped(e.contract), form.FormDataContentType(), b.Bytes())
	if err != nil {
		e.failf("import: %v", err)
	}
	return r.status
}

var (
	valueMAC   = regexp.MustCompile(`(?s)\s*<([a-z]+:)?ValueMAC>.*?</([a-z]+:)?ValueMAC>`)
	macContent = regexp.MustCompile(`(<(?:[a-z]+:)?ValueMAC>)(.)`)
)

func c59(e *env) string {
	key := bytes.Repeat([]byte{0x17}, 16)
	f := e.newFob()
	good := e.sealed(f, seedfile.Encryption{Key: key, KeyName: "key"})
	if !valueMAC.MatchString(good) {
		e.failf("the encrypted file has no ValueMAC")
	}
	bad := macContent.ReplaceAllStringFunc(good, func(s string) string {
		last := s[len(s)-1]
		if last == 'A' {
			return s[:len(s)-1] + "B"
		}
		return s[:len(s)-1] + "A"
	})
	none := valueMAC.ReplaceAllString(good, "")
	for name, file := range map[string]string{"a MAC that does not fit": bad, "no ValueMAC": none} {
		if s := e.importSealed(file, "key", hex.EncodeToString(key)); s < 400 {
			e.failf("a file with %s is taken in", name)
		}
		same(e, false, e.there(f), "the token of a file with %s is there", name)
	}
	same(e, http.StatusCreated, e.importSealed(good, "key", hex.EncodeToString(key)), "the file as it was")
	e.accept(f, e.code(f, 0), "its code")
	return "a changed and a missing ValueMAC refused, the file as it was taken in"
}

func c60(e *env) string {
	key, other := bytes.Repeat([]byte{0x17}, 16), bytes.Repeat([]byte{0x18}, 16)
	f, g := e.newFob(), e.newFob()
	withKey := e.sealed(f, seedfile.Encryption{Key: key, KeyName: "key"})
	withPassword := e.sealed(g, seedfile.Encryption{Password: []byte("right password"), Iterations: seedfile.MinIterations})
	if s := e.importSealed(withKey, "key", hex.EncodeToString(other)); s < 400 {
		e.failf("a file is taken in with a wrong key")
	}
	if s := e.importSealed(withPassword, "password", "wrong password"); s < 400 {
		e.failf("a file is taken in with a wrong password")
	}
	if s := e.tryImport(withKey, "").status; s < 400 {
		e.failf("an encrypted file is taken in without a key")
	}
	same(e, false, e.there(f) || e.there(g), "a token of these is there")
	same(e, http.StatusCreated, e.importSealed(withKey, "key", hex.EncodeToString(key)), "with the right key")
	same(e, http.StatusCreated, e.importSealed(withPassword, "password", "right password"), "with the right password")
	e.accept(f, e.code(f, 0), "a code")
	e.accept(g, e.code(g, 0), "a code")
	return "wrong key, wrong password and none refused, and no token there; the right ones taken in"
}

func c61(e *env) string {
	ways := []struct {
		name, prefix string
		reordered    bool
	}{{"default namespace", "", false}, {"prefix", "pskc", false}, {"another prefix", "p", false}, {"another order", "", true}}
	for _, w := range ways {
		f := e.newFob()
		e.imported(pskcFile(w.prefix, pskcKey{fob: f, reordered: w.reordered}), e.contract)
		e.accept(f, e.code(f, 0), "the code of a file with %s", w.name)
	}
	return fmt.Sprintf("%d spellings, the same codes of 60 s", len(ways))
}

func c62(e *env) string {
	f := e.newFob()
	e.imported(pskcFile("", pskcKey{fob: f, drift: "3"}), e.contract)
	e.accept(f, e.code(f, 3), "a code of a clock 3 steps ahead, with TimeDrift 3")
	same(e, 3, e.token(f).Offset, "the offset in steps")
	return "TimeDrift 3 is 3 steps: the code at +3 is accepted"
}

func c63(e *env) string {
	keys := map[string]pskcKey{
		"CheckDigits":       {response: `CheckDigits="true"`},
		"PINPolicy":         {policy: `<%sPINPolicy PINUsageMode="Local"/>`},
		"Time":              {time: "12345"},
		"hex encoding":      {encoding: "HEXADECIMAL"},
		"KeyUsage":          {policy: `<%sKeyUsage>CR</%sKeyUsage>`},
		"no secret":         {},
		"unknown suite":     {},
		"another algorithm": {},
	}
	refusals := 0
	for name, k := range keys {
		k.fob = e.newFob()
		file := pskcFile("", k)
		switch name {
		case "no secret":
			file = regexp.MustCompile(`<Secret>.*</Secret>`).ReplaceAllString(file, "")
		case "unknown suite":
			file = strings.Replace(file, "<AlgorithmParameters>", "<AlgorithmParameters><Suite>HMAC-MD5</Suite>", 1)
		case "another algorithm":
			file = strings.Replace(file, pskcTOTP, "urn:ietf:params:xml:ns:keyprov:pskc:ocra", 1)
		}
		if s := e.tryImport(file, "").status; s < 400 {
			e.failf("a file with %s is taken in", name)
		}
		same(e, false, e.there(k.fob), "the token of a file with %s is there", name)
		e.imported(pskcFile("", pskcKey{fob: k.fob}), "") // without this element, the file is accepted
		refusals++
	}
	return fmt.Sprintf("%d of %d refused: CheckDigits, PINPolicy, Time, hexadecimal, KeyUsage, no secret, suite, algorithm", refusals, len(keys))
}
