// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/token"
)

// Server is a validation server for which a file can be written, with
// [WriteOptions].For. Its profile describes how it reads the details that a standard
// leaves open.
type Server struct {
	Name    string // for the command line
	Title   string
	Formats []string // formats that it imports, the preferred one first

	keeps  Field             // fields of a file that it keeps, see Lost
	hashes []token.Algorithm // hashes that it supports; nil means all
	steps  []token.UnixSeconds
	digits []uint8
	form   Field // fields that are chosen once for a whole file, in a form or profile

	bareSuite   bool // the Suite of PSKC is "sha256" instead of "HMAC-SHA256"
	driftIsTime bool // it reads PSKC's TimeDrift as seconds

	encryption func(e *Encryption) error // nil: it does not read encrypted files
	note       string                    // remark for the person who imports the file
}

// keepsPSKC has the fields that most importers of PSKC keep.
const keepsPSKC = FieldSerial | FieldType | FieldAlgorithm | FieldDigits | FieldStep | FieldCounter | FieldManufacturer

// servers are the profiles. Sources: the code of privacyIDEA 3.11 (lib/importotp.py and
// tokenclass.py), LinOTP 3 (lib/ImportOTP), multiOTP 5.9 (ImportTokensFromPskc and
// ImportTokensFromCsv) and FreeIPA (ipa_otptoken_import.py), which was read, not
// copied; and the documentation named at the formats.
var servers = []*Server{
	{
		Name: "privacyidea", Title: "privacyIDEA", Formats: []string{"pskc", "oath-csv", "safenet-xml"},
		keeps: keepsPSKC | FieldDrift, bareSuite: true, driftIsTime: true, encryption: aes128Only,
	},
	{
		Name: "linotp", Title: "LinOTP", Formats: []string{"pskc", "linotp-csv", "feitian-xml", "safenet-xml"},
		keeps: keepsPSKC &^ FieldManufacturer, steps: []token.UnixSeconds{30, 60}, bareSuite: true,
		encryption: func(e *Encryption) error {
			if n := len(e.Password); n > 0 && (n < 6 || n > 64 || strings.ContainsFunc(string(e.Password), func(r rune) bool { return r > 0x7f })) {
				return badValue("password", "LinOTP accepts only passwords of 6 to 64 ASCII characters")
			}
			return aes128Only(e)
		},
		note: "LinOTP refuses serial numbers that are not OATH token identifiers, such as ZZFB00000001, unless its check is switched off in the import form",
	},
	{
		Name: "freeipa", Title: "FreeIPA, ipa-otptoken-import", Formats: []string{"pskc"},
		keeps: keepsPSKC | FieldDrift | FieldModel | FieldIssueNo | FieldKeyID | FieldFriendlyName |
			FieldDeviceStart | FieldDeviceExpiry | FieldPolicyStart | FieldPolicyExpiry,
		digits: []uint8{6, 8},
		encryption: func(e *Encryption) error {
			if e.Wrap || len(e.Recipient) > 0 {
				return unsupported("FreeIPA decrypts only AES in CBC mode, with a key or password")
			}
			return nil
		},
	},
	{
		Name: "multiotp", Title: "multiOTP", Formats: []string{"pskc", "multiotp-csv"},
		keeps: keepsPSKC | FieldModel | FieldIssueNo | FieldIssuer,
		encryption: func(e *Encryption) error {
			if e.Wrap || len(e.Recipient) > 0 {
				return unsupported("multiOTP decrypts only AES in CBC mode, with a key or password")
			}
			return nil
		},
		note: "multiOTP 5.9.8 does not check MACs, and decrypts seeds wrongly with some settings of PHP: after an encrypted import, try a code of each token",
	},
	{
		Name: "entra", Title: "Microsoft Entra ID", Formats: []string{"entra-csv"},
		keeps:  FieldUser | FieldSerial | FieldType | FieldDigits | FieldAlgorithm | FieldStep | FieldManufacturer | FieldModel,
		hashes: sha1Only, digits: []uint8{6}, steps: []token.UnixSeconds{30, 60},
		note: "fill in the column upn before the upload, unless the file already contains the users",
	},
	{
		Name: "helloid", Title: "HelloID", Formats: []string{"entra-csv"},
		keeps:  FieldUser | FieldSerial | FieldType | FieldDigits | FieldAlgorithm | FieldStep | FieldManufacturer | FieldModel,
		hashes: sha1Only, digits: []uint8{6}, steps: []token.UnixSeconds{30, 60},
		note: "fill in the column upn before the upload, unless the file already contains the users",
	},
	{
		Name: "duo", Title: "Duo", Formats: []string{"duo"},
		keeps:  FieldSerial | FieldType | FieldDigits | FieldAlgorithm | FieldStep,
		hashes: sha1Only, digits: []uint8{6, 8}, steps: []token.UnixSeconds{30, 60}, form: FieldType | FieldDigits | FieldStep,
		note: "Duo does not follow the drift of TOTP tokens",
	},
	{
		Name: "pingid", Title: "PingID", Formats: []string{"pingid"},
		keeps:  FieldSerial | FieldType | FieldDigits | FieldAlgorithm | FieldStep | FieldCounter,
		hashes: sha1Only, digits: []uint8{6, 8}, steps: []token.UnixSeconds{30, 60}, form: FieldType | FieldDigits | FieldStep,
	},
	{
		Name: "okta", Title: "Okta, Factors API", Formats: []string{"okta"},
		keeps: FieldUser | FieldDigits | FieldAlgorithm | FieldStep,
		form:  FieldDigits | FieldAlgorithm | FieldStep,
	},
	{
		Name: "netiq", Title: "NetIQ Advanced Authentication", Formats: []string{"netiq-csv"},
		keeps:  FieldSerial | FieldType | FieldDigits | FieldAlgorithm | FieldStep,
		hashes: sha1Only,
	},
	{
		Name: "dualshield", Title: "Deepnet DualShield", Formats: []string{"dualshield-xml"},
		keeps: FieldSerial | FieldType | FieldManufacturer | FieldModel | FieldDigits | FieldStep | FieldAlgorithm,
	},
	{
		Name: "pam-oath", Title: "OATH Toolkit, pam_oath", Formats: []string{"users-oath"},
		keeps:  FieldType | FieldUser | FieldDigits | FieldStep | FieldCounter | FieldAlgorithm,
		hashes: sha1Only, digits: []uint8{6, 7, 8}, steps: []token.UnixSeconds{30, 60},
	},
}

var sha1Only = []token.Algorithm{token.SHA1}

// aes128Only accepts the encryption that privacyIDEA and LinOTP can decrypt.
func aes128Only(e *Encryption) error {
	switch {
	case e.Wrap || len(e.Recipient) > 0:
		return unsupported("the server decrypts only AES-128 in CBC mode, with a key or password")
	case len(e.Key) > 0 && len(e.Key) != 16:
		return unsupported("the server supports only AES-128: want a key of 16 bytes, got %d", len(e.Key))
	case e.MAC != "" && e.MAC != "hmac-sha1":
		return unsupported("the server supports only the MAC hmac-sha1")
	}
	return nil
}

// Servers returns all profiles.
func Servers() []*Server { return servers }

// ServerByName returns the profile of that name. The error wraps [ErrValue].
func ServerByName(name string) (*Server, error) {
	var names []string
	for _, s := range servers {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("%w: no profile for the server %q: want one of %s", ErrValue, name, strings.Join(names, ", "))
}

// Note returns advice for the person who imports a file with these options, or "" for
// none.
func (s *Server) Note(o WriteOptions) string {
	if s.Name == "multiotp" && o.Encrypt == nil {
		return ""
	}
	return s.note
}

// Lost returns the fields of a record in that format that the server would not keep.
func (s *Server) Lost(f *Format, r *Record) Field {
	return r.Fields()&^(f.carries(r)|s.form) | r.Fields()&^s.keeps
}

// imports refuses a format or an encryption that the server cannot read.
func (s *Server) imports(f *Format, o *WriteOptions) error {
	if !slices.Contains(s.Formats, f.Name) {
		return fmt.Errorf("%w: %s does not import %s: it imports %s", ErrUnsupported, s.Title, f.Name, strings.Join(s.Formats, ", "))
	}
	if o.Encrypt == nil || s.encryption == nil {
		return nil
	}
	return s.encryption(o.Encrypt)
}

// serverWriter refuses records from which a server would compute other codes.
type serverWriter struct {
	Writer
	server *Server
	format *Format
	first  *Record // without its seed
}

func (w *serverWriter) Write(r *Record) error {
	if err := w.check(r); err != nil {
		return locate(w.format.Name, 0, r, err)
	}
	return w.Writer.Write(r)
}

func (w *serverWriter) check(r *Record) error {
	s := w.server
	wrong := func(field, format string, args ...any) error {
		return badValue(field, s.Title+" would compute wrong codes: "+format, args...)
	}
	switch lost := s.Lost(w.format, r) & FieldCore; {
	case s.hashes != nil && !slices.Contains(s.hashes, r.Algorithm):
		return wrong("algorithm", "it does not support %s", r.Algorithm)
	case s.digits != nil && !slices.Contains(s.digits, r.Digits):
		return wrong("digits", "it does not support codes of %d digits", r.Digits)
	case r.Type == TOTP && s.steps != nil && !slices.Contains(s.steps, r.Step):
		return wrong("period", "it does not support a period of %d s", r.Step)
	case lost != 0:
		return wrong(lost.Each()[0].String(), "it ignores the %s in %s", lost.Each()[0], w.format.Name)
	}
	if w.first == nil {
		first := *r
		first.Seed = token.Seed{}
		w.first = &first
		return nil
	}
	f := w.first
	switch {
	case s.form&FieldType != 0 && f.Type != r.Type,
		s.form&FieldDigits != 0 && f.Digits != r.Digits,
		s.form&FieldStep != 0 && f.Step != r.Step,
		s.form&FieldAlgorithm != 0 && f.Algorithm != r.Algorithm:
		return badValue("", "%s uses one %s for a whole file, and this token differs from the first: write a separate file for it", s.Title, s.form)
	}
	return nil
}
