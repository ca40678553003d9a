// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"regexp"
	"strings"
)

// compressed returns a text in the format of gzip. Its blocks are stored, because other
// ones depend on the version of Go.
func compressed(text []byte) string {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer does not fail
	}
	return b.String()
}

// changed flips a bit in the base64 content of the last element with a name.
func changed(text, element string) string {
	re := regexp.MustCompile(`(?s)^(.*<` + element + `>)([^<]*)(<.*)$`)
	m := re.FindStringSubmatch(text)
	if m == nil {
		panic("seedset: there is no " + element) // a mistake in a kind
	}
	b, err := base64.StdEncoding.DecodeString(m[2])
	if err != nil {
		panic(err)
	}
	b[0] ^= 1
	return m[1] + base64.StdEncoding.EncodeToString(b) + m[3]
}

var (
	valueMAC   = regexp.MustCompile(`<ValueMAC>[^<]*</ValueMAC>`)
	tagNames   = regexp.MustCompile(`</?[A-Za-z0-9:]+`)
	attributes = regexp.MustCompile(` [A-Za-z]+="`)
)

const (
	whySealed = "Suppliers send seeds encrypted. A server that cannot read them makes its operators decrypt and mail them in clear."
	whyMAC    = "Without the MAC, anyone between the supplier and the server can change seeds unnoticed: the changed tokens do not work, or they work for the attacker."
	whyKey    = "A wrong key or password gives a random seed. The tokens are in the server, but none of their codes is accepted."
)

// sealedKinds are encrypted files.
var sealedKinds = []Kind{
	{
		ID: "F22", Name: "pskc-aes.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a file encrypted with AES-128-CBC and a pre-shared key, with a MAC, is imported", Source: "RFC 6030 §6.1", Why: whySealed,
		make: func(m *maker) File { return pskc{seal: m.preShared()}.file(m) },
	},
	{
		ID: "F23", Name: "pskc-aes-prefix.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "an encrypted file whose elements have a prefix is imported", Source: "RFC 6030 §6.1; Namespaces in XML 1.0 §3", Why: whySealed,
		make: func(m *maker) File { return pskc{prefix: "pskc", seal: m.preShared()}.file(m) },
	},
	{
		ID: "F24", Name: "pskc-pbkdf2.xml", Format: "pskc", Verdict: Import, Must: true,
		Requirement: "a file encrypted with a password is imported", Source: "RFC 6030 §6.2; RFC 8018 §5.2", Why: whySealed,
		make: func(m *maker) File { return pskc{seal: m.password()}.file(m) },
	},
	{
		ID: "F25", Name: "pskc-aes-sha256.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "a MAC with SHA-256 and a MAC key of 20 bytes is verified, or the file refused", Source: "RFC 6030 §6.1.1; RFC 2104 §3", Why: whyMAC,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			return either(pskc{seal: m.preShared().sha256()}.with(k), pskc{seal: m.preShared()}.with(k))
		},
	},
	{
		ID: "F26", Name: "pskc-aes-unnamed.xml", Format: "pskc", Verdict: Either,
		Requirement: "a file with an empty EncryptionKey is imported, or refused", Source: "RFC 6030 §6.1 (requires a name); python-pskc writes such files", Why: whySealed,
		make: func(m *maker) File {
			k := pskcKey{Token: m.token()}
			unnamed := m.preShared()
			unnamed.unnamed = true
			return either(pskc{prefix: "pskc", seal: unnamed}.with(k), pskc{seal: m.preShared()}.with(k))
		},
	},
	{
		ID: "F27", Name: "pskc-lower-case.xml", Format: "pskc", Verdict: Either,
		Requirement: "a file with all names in lower case, as privacyIDEA exports it, is imported, or refused", Source: "XML 1.0 §1.2; privacyIDEA 3, lib/tokens/…/export", Why: whySealed,
		make: func(m *maker) File {
			right := pskc{seal: m.preShared()}.file(m)
			text := strings.TrimPrefix(string(right.Text), `<?xml version="1.0" encoding="UTF-8"?>`+"\n")
			text = attributes.ReplaceAllStringFunc(tagNames.ReplaceAllStringFunc(text, strings.ToLower), strings.ToLower)
			return spoiled(right, text)
		},
	},
	{
		ID: "F28", Name: "pskc-aes-interval.xml", Format: "pskc", Verdict: Either, Must: true,
		Requirement: "a time step that is encrypted as the text 60 is 60 s, or the file refused", Source: "RFC 6030 §4.1 (does not define the encoding); FreeIPA and python-pskc write text", Why: whyProfile,
		make: func(m *maker) File {
			s := m.preShared()
			right := pskc{seal: s}.file(m)
			return spoiled(right, replaced(string(right.Text), "<PlainValue>60</PlainValue>", s.value([]byte("60"), pskc{}.name(""))))
		},
	},
	{
		ID: "F29", Name: "pskc-wrong-mac.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file whose ValueMAC is wrong is refused", Source: "RFC 6030 §6.1.1", Why: whyMAC,
		make: func(m *maker) File {
			right := pskc{seal: m.preShared()}.file(m)
			return spoiled(right, changed(string(right.Text), "ValueMAC"))
		},
	},
	{
		ID: "F30", Name: "pskc-changed-seed.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file whose encrypted seed was changed is refused", Source: "RFC 6030 §6.1.1", Why: whyMAC,
		make: func(m *maker) File { // a bit of the initialisation vector changes the same bit of the seed
			right := pskc{seal: m.preShared()}.file(m)
			return spoiled(right, changed(string(right.Text), "xenc:CipherValue"))
		},
	},
	{
		ID: "F31", Name: "pskc-no-mac.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "a file with a MACMethod, but without a ValueMAC, is refused", Source: "RFC 6030 §6.1.1", Why: whyMAC,
		make: func(m *maker) File {
			right := pskc{seal: m.preShared()}.file(m)
			return spoiled(right, valueMAC.ReplaceAllString(string(right.Text), ""))
		},
	},
	{
		ID: "F32", Name: "pskc-wrong-key.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "with a wrong key nothing is imported", Source: "RFC 6030 §6.1", Why: whyKey,
		make: func(m *maker) File {
			right := pskc{seal: m.preShared()}.file(m)
			f := spoiled(right, string(right.Text))
			f.Key = m.bytes(16)
			return f
		},
	},
	{
		ID: "F33", Name: "pskc-wrong-password.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "with a wrong password nothing is imported", Source: "RFC 6030 §6.2", Why: whyKey,
		make: func(m *maker) File {
			right := pskc{seal: m.password()}.file(m)
			f := spoiled(right, string(right.Text))
			f.Password = "x" + f.Password
			return f
		},
	},
	{
		ID: "F34", Name: "pskc-no-key.xml", Format: "pskc", Verdict: Refuse, Must: true,
		Requirement: "without a key, nothing of an encrypted file is imported", Source: "RFC 6030 §6", Why: whyKey,
		make: func(m *maker) File {
			right := pskc{seal: m.preShared()}.file(m)
			f := spoiled(right, string(right.Text))
			f.Key = nil
			return f
		},
	},
}
