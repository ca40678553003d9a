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
	{"C58", "the period in a file applies; a missing period is an error and does not mean 30 s", "R62 R4", Must, false, c58},
	{"C59", "the MAC of an encrypted seed is verified, and a missing MAC is refused", "R60 §6.1.1", Must, false, c59},
	{"C60", "with a wrong key or password nothing is imported", "R60 §6", Must, false, c60},
	{"C61", "namespace prefixes and the order of elements do not matter", "XML namespaces", Must, false, c61},
	{"C62", "TimeDrift is a number of intervals", "R60 §4.2 TimeDrift", Must, false, c62},
	{"C63", "unsupported elements of a file are refused, not ignored", "R60", Must, false, c63},
}

func c58(e *env) string {
	f, g := e.newFob(), e.newFob()
	row := func(f *fob) string { return f.serial + "," + hex.EncodeToString(f.key) + ",totp,6" }
	r := e.tryImport(row(f)+"\n", "format=oath-csv")
	if r.status < 400 {
		e.failf("a file without a period is imported")
	}
	equal(e, false, e.hasToken(f), "the target has its token")
	if s := e.tryImport(row(f)+",30\n", "format=oath-csv").status; s < 400 {
		e.failf("a file with 30 s is imported by a bank whose tokens have 60 s")
	}
	equal(e, http.StatusCreated, e.tryImport(row(f)+",60\n", "format=oath-csv").status, "the status of a file with 60 s")
	e.accept(f, e.code(f, 0), "its code at 60 s")
	equal(e, http.StatusCreated, e.tryImport(row(g)+"\n", "format=oath-csv&step=60").status, "the status of a file without a period and with the parameter step=60")
	e.accept(g, e.code(g, 0), "its code at 60 s")
	return fmt.Sprintf("without the period refused (%d), with 30 s refused, with 60 s imported", r.status)
}

// encryptedFile returns an encrypted file with one token.
func (e *env) encryptedFile(f *fob, how seedfile.Encryption) string {
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

// importEncrypted sends an encrypted file with its key or password, and returns the
// status.
func (e *env) importEncrypted(file, field, secret string) int {
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
		e.failf("writing the form: %v", err)
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
	good := e.encryptedFile(f, seedfile.Encryption{Key: key, KeyName: "key"})
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
	for name, file := range map[string]string{"a wrong MAC": bad, "no ValueMAC": none} {
		if s := e.importEncrypted(file, "key", hex.EncodeToString(key)); s < 400 {
			e.failf("a file with %s is imported", name)
		}
		equal(e, false, e.hasToken(f), "the target has the token of a file with %s", name)
	}
	equal(e, http.StatusCreated, e.importEncrypted(good, "key", hex.EncodeToString(key)), "the status of the unchanged file")
	e.accept(f, e.code(f, 0), "its code")
	return "a changed and a missing ValueMAC refused, the unchanged file imported"
}

func c60(e *env) string {
	key, other := bytes.Repeat([]byte{0x17}, 16), bytes.Repeat([]byte{0x18}, 16)
	f, g := e.newFob(), e.newFob()
	withKey := e.encryptedFile(f, seedfile.Encryption{Key: key, KeyName: "key"})
	withPassword := e.encryptedFile(g, seedfile.Encryption{Password: []byte("right password"), Iterations: seedfile.MinIterations})
	if s := e.importEncrypted(withKey, "key", hex.EncodeToString(other)); s < 400 {
		e.failf("a file is imported with a wrong key")
	}
	if s := e.importEncrypted(withPassword, "password", "wrong password"); s < 400 {
		e.failf("a file is imported with a wrong password")
	}
	if s := e.tryImport(withKey, "").status; s < 400 {
		e.failf("an encrypted file is imported without a key")
	}
	equal(e, false, e.hasToken(f) || e.hasToken(g), "the target has one of these tokens")
	equal(e, http.StatusCreated, e.importEncrypted(withKey, "key", hex.EncodeToString(key)), "the status with the right key")
	equal(e, http.StatusCreated, e.importEncrypted(withPassword, "password", "right password"), "the status with the right password")
	e.accept(f, e.code(f, 0), "a code")
	e.accept(g, e.code(g, 0), "a code")
	return "a wrong key, a wrong password and no key refused without an imported token; the right ones imported"
}

func c61(e *env) string {
	ways := []struct {
		name, prefix string
		reordered    bool
	}{{"the default namespace", "", false}, {"a prefix", "pskc", false}, {"another prefix", "p", false}, {"another order", "", true}}
	for _, w := range ways {
		f := e.newFob()
		e.importFile(pskcFile(w.prefix, pskcKey{fob: f, reordered: w.reordered}), e.contract)
		e.accept(f, e.code(f, 0), "the code of the token of a file with %s", w.name)
	}
	return fmt.Sprintf("%d variants imported, each with the codes of a 60 s token", len(ways))
}

func c62(e *env) string {
	f := e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: f, drift: "3"}), e.contract)
	e.accept(f, e.code(f, 3), "a code of a clock that is 3 steps ahead, with TimeDrift 3")
	equal(e, 3, e.token(f).Offset, "the offset in steps")
	return "TimeDrift 3 means 3 steps: the code at +3 is accepted"
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
			e.failf("a file with %s is imported", name)
		}
		equal(e, false, e.hasToken(k.fob), "the target has the token of a file with %s", name)
		e.importFile(pskcFile("", pskcKey{fob: k.fob}), "") // without this element, the file is accepted
		refusals++
	}
	return fmt.Sprintf("%d of %d refused: CheckDigits, PINPolicy, Time, hexadecimal, KeyUsage, no secret, suite, algorithm", refusals, len(keys))
}
