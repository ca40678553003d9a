// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/d204ef64/fob/token"
)

// This file reads exports of authenticator apps in unencrypted JSON. They are never
// written. An export has the tokens of one person and is held in memory once. The
// limits keep the memory that is allocated for it to about the same size.
const (
	maxExport = 16 << 20 // bytes of an export: it may contain icons
	maxEntry  = 1 << 20  // bytes of an entry, including its icon
	maxList   = 100_000  // entries: 16 MiB cannot hold more
)

// appEntry is a token in an app's export. Missing numbers are 0.
type appEntry struct {
	kind, secret, algorithm string
	raw                     []byte // the secret, if it is not base32
	digits, period          int64
	counter                 uint64
	issuer, account         string
}

// appFormat returns the format of an app. entries finds the list of entries in an
// export. parse reads one of them, and returns nil for an entry without a token.
func appFormat(
	name, title, extension string, marks func(head string) bool,
	entries func(x *appExport) error, parse func(json.RawMessage) (*appEntry, error),
) *Format {
	return &Format{
		Name: name, Title: title, Extension: extension, entries: true,
		carries: func(*Record) Field { return 0 },
		detect: func(head []byte) bool {
			head = bytes.TrimLeft(bytes.TrimPrefix(head, utf8BOM), " \t\r\n")
			return (bytes.HasPrefix(head, []byte("{")) || bytes.HasPrefix(head, []byte("["))) && marks(string(head))
		},
		read: newFunc(name, func(b *bufio.Reader, o ReadOptions) (*appReader, error) {
			if err := skipBOM(b); err != nil {
				return nil, locate(name, 0, nil, err)
			}
			doc, err := io.ReadAll(io.LimitReader(b, maxExport+1))
			if err != nil {
				clear(doc)
				return nil, err
			}
			list, err := listEntries(doc, entries)
			if err != nil {
				clear(doc)
				return nil, locate(name, 0, nil, err)
			}
			return &appReader{name: name, list: list, parse: parse, options: o}, nil
		}),
	}
}

// decodeApp calls json.Unmarshal but drops its errors, which quote the file.
func decodeApp(b []byte, v any) error {
	if json.Unmarshal(b, v) != nil {
		return errNotTheApps
	}
	return nil
}

var errNotTheApps = fmt.Errorf("%w: the JSON is not the app's export", ErrSyntax)

var errEncryptedExport = unsupported("the export is encrypted: export it without a password")

type appReader struct {
	name    string
	list    []json.RawMessage
	parse   func(json.RawMessage) (*appEntry, error)
	options ReadOptions
	entry   int // from 1
}

// Line returns the number of the entry in the export.
func (a *appReader) Line() int { return a.entry }

// skipRecord has nothing to skip: the next entry is another record.
func (a *appReader) skipRecord() (bool, error) { return true, nil }

func (a *appReader) Read() (Record, error) {
	for a.entry < len(a.list) {
		raw := a.list[a.entry]
		a.entry++
		if len(raw) > maxEntry {
			return Record{}, locate(a.name, a.entry, nil, fmt.Errorf("%w: an entry of more than %d MiB, including its icon", ErrLimit, maxEntry>>20))
		}
		e, err := a.parse(raw)
		clear(raw)
		var r Record
		if err == nil && e == nil {
			continue
		}
		if err == nil {
			err = e.record(&r, &a.options)
		}
		if err != nil {
			return Record{}, locate(a.name, a.entry, &r, err)
		}
		return r, nil
	}
	return Record{}, io.EOF
}

// record converts an entry.
func (e *appEntry) record(r *Record, o *ReadOptions) (err error) {
	if _, found := cutScheme(e.secret, otpauthScheme); found && e.raw == nil {
		return parseURI(e.secret, o, r)
	}
	// The apps trim these as well.
	r.Issuer, r.User = strings.TrimSpace(e.issuer), strings.TrimSpace(e.account)
	if err = r.setType([]byte(e.kind)); err != nil {
		if kind := strings.ToLower(e.kind); kind == "steam" || kind == "yandex" {
			return &Error{Field: "type", Err: unsupported("type %s", kind)}
		}
		return err
	}
	r.Algorithm, r.Digits = o.Algorithm, o.defaultDigits()
	if e.algorithm != "" {
		if err = r.setAlgorithm([]byte(e.algorithm)); err != nil {
			return err
		}
	}
	if e.digits != 0 {
		if r.Digits, err = digits(fmt.Sprint(e.digits), token.MinDigits, token.MaxDigits); err != nil {
			return err
		}
	}
	if e.raw != nil {
		r.Seed, err = newSeed(e.raw)
		clear(e.raw)
	} else {
		r.Seed, err = base32Seed([]byte(strings.NewReplacer(" ", "", "-", "").Replace(e.secret)))
	}
	switch {
	case err != nil:
	case r.Type == HOTP:
		r.Counter = e.counter
	case e.period == 0:
		r.Step, err = o.defaultStep()
	default:
		r.Step, err = step(fmt.Sprint(e.period))
	}
	return err
}

// aegis reads a plain export of Aegis (its docs/vault.md, version 1 of the vault). The
// tokens are in db.entries, each with its type, name, issuer and info. In an encrypted
// export, db is a string.
var aegis = appFormat("aegis", "Aegis Authenticator, plain JSON, only read", ".json",
	func(head string) bool { return strings.Contains(head, `"slots"`) && strings.Contains(head, `"header"`) },
	func(x *appExport) error {
		return x.object(func(key string) error {
			if key != "db" {
				return x.skip()
			}
			t, err := x.d.Token()
			_, sealed := t.(string)
			switch {
			case err != nil:
				return err
			case sealed:
				return errEncryptedExport
			case t != json.Delim('{'):
				return errNotTheApps
			}
			return x.members(func(key string) error { return x.entriesAt(key, "entries") })
		})
	},
	func(raw json.RawMessage) (*appEntry, error) {
		var e struct {
			Type   string `json:"type"`
			Name   string `json:"name"`
			Issuer string `json:"issuer"`
			Info   struct {
				Secret  string `json:"secret"`
				Algo    string `json:"algo"`
				Digits  int64  `json:"digits"`
				Period  int64  `json:"period"`
				Counter uint64 `json:"counter"`
			} `json:"info"`
		}
		err := decodeApp(raw, &e)
		return &appEntry{
			kind: e.Type, secret: e.Info.Secret, algorithm: e.Info.Algo, digits: e.Info.Digits, period: e.Info.Period,
			counter: e.Info.Counter, issuer: e.Issuer, account: e.Name,
		}, err
	})

// twoFAS reads an export of 2FAS without a password. The tokens are in services, each
// with its secret and otp. An export with a password has servicesEncrypted instead.
var twoFAS = appFormat("2fas", "2FAS, JSON without a password, only read", ".2fas",
	func(head string) bool {
		return strings.Contains(head, `"services"`) || strings.Contains(head, `"servicesEncrypted"`)
	},
	func(x *appExport) error {
		encrypted := ""
		err := x.object(func(key string) error {
			if key == "servicesEncrypted" {
				return x.value(&encrypted)
			}
			return x.entriesAt(key, "services")
		})
		if err == nil && encrypted != "" {
			err = errEncryptedExport
		}
		return err
	},
	func(raw json.RawMessage) (*appEntry, error) {
		var e struct {
			Name   string `json:"name"`
			Secret string `json:"secret"`
			OTP    struct {
				Account   string `json:"account"`
				Label     string `json:"label"`
				Issuer    string `json:"issuer"`
				Digits    int64  `json:"digits"`
				Period    int64  `json:"period"`
				Algorithm string `json:"algorithm"`
				Type      string `json:"tokenType"`
				Counter   uint64 `json:"counter"`
			} `json:"otp"`
		}
		err := decodeApp(raw, &e)
		return &appEntry{
			kind: cmp.Or(e.OTP.Type, "TOTP"), secret: e.Secret, algorithm: e.OTP.Algorithm, digits: e.OTP.Digits, period: e.OTP.Period,
			counter: e.OTP.Counter, issuer: cmp.Or(e.OTP.Issuer, e.Name), account: cmp.Or(e.OTP.Account, e.OTP.Label),
		}, err
	})

// andOTP reads a plain backup of andOTP, which is a list of tokens.
var andOTP = appFormat("andotp", "andOTP, plain JSON, only read", ".json",
	func(head string) bool {
		return strings.HasPrefix(head, "[") && strings.Contains(head, `"secret"`) && strings.Contains(head, `"type"`)
	},
	(*appExport).collect,
	func(raw json.RawMessage) (*appEntry, error) {
		var e struct {
			Secret    string `json:"secret"`
			Issuer    string `json:"issuer"`
			Label     string `json:"label"`
			Digits    int64  `json:"digits"`
			Type      string `json:"type"`
			Algorithm string `json:"algorithm"`
			Period    int64  `json:"period"`
			Counter   uint64 `json:"counter"`
		}
		err := decodeApp(raw, &e)
		return &appEntry{
			kind: e.Type, secret: e.Secret, algorithm: e.Algorithm, digits: e.Digits, period: e.Period,
			counter: e.Counter, issuer: e.Issuer, account: e.Label,
		}, err
	})

// freeOTPPlus reads an export of FreeOTP+. Its secret is a list of signed bytes.
var freeOTPPlus = appFormat("freeotp-plus", "FreeOTP+, JSON, only read", ".json",
	func(head string) bool { return strings.Contains(head, `"tokens"`) && strings.Contains(head, `"algo"`) },
	func(x *appExport) error {
		return x.object(func(key string) error { return x.entriesAt(key, "tokens") })
	},
	func(raw json.RawMessage) (*appEntry, error) {
		var e struct {
			Algo     string `json:"algo"`
			Counter  uint64 `json:"counter"`
			Digits   int64  `json:"digits"`
			External string `json:"issuerExt"`
			Internal string `json:"issuerInt"`
			Label    string `json:"label"`
			Period   int64  `json:"period"`
			Secret   []int8 `json:"secret"`
			Type     string `json:"type"`
		}
		err := decodeApp(raw, &e)
		secret := make([]byte, 0, len(e.Secret))
		for i, b := range e.Secret {
			secret = append(secret, byte(b))
			e.Secret[i] = 0
		}
		return &appEntry{
			kind: e.Type, raw: secret, algorithm: e.Algo, digits: e.Digits, period: e.Period,
			counter: e.Counter, issuer: cmp.Or(e.External, e.Internal), account: e.Label,
		}, err
	})

// bitwarden reads an unencrypted export of Bitwarden. The totp of a login is an otpauth
// URI, or a secret alone. Other items and their passwords are ignored.
var bitwarden = appFormat("bitwarden", "Bitwarden, unencrypted JSON, only read", ".json",
	func(head string) bool {
		return strings.Contains(head, `"encrypted"`) && (strings.Contains(head, `"folders"`) ||
			strings.Contains(head, `"items"`) || strings.Contains(head, `"collections"`) || strings.Contains(head, `"encKeyValidation`))
	},
	func(x *appExport) error {
		encrypted := false
		err := x.object(func(key string) error {
			if key == "encrypted" {
				return x.value(&encrypted)
			}
			return x.entriesAt(key, "items")
		})
		if err == nil && encrypted {
			err = errEncryptedExport
		}
		return err
	},
	func(raw json.RawMessage) (*appEntry, error) {
		var e struct {
			Name  string `json:"name"`
			Login struct {
				Username string `json:"username"`
				TOTP     string `json:"totp"`
			} `json:"login"`
		}
		err := decodeApp(raw, &e)
		if err != nil || e.Login.TOTP == "" {
			return nil, err
		}
		kind := "totp"
		if strings.HasPrefix(e.Login.TOTP, "steam://") {
			kind = "steam"
		}
		return &appEntry{kind: kind, secret: e.Login.TOTP, issuer: e.Name, account: e.Login.Username}, nil
	})
