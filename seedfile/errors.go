// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// Errors to test for with errors.Is. An error in a file is wrapped in an [Error], which
// adds the place.
var (
	ErrFormat          = errclass.New(errclass.Usage, "unknown format")
	ErrSyntax          = errclass.New(errclass.Usage, "malformed")
	ErrValue           = errclass.New(errclass.Usage, "bad value")
	ErrNoFactorProfile = errclass.New(errclass.Usage, "Okta requires the ID of a factor profile: set it in the options")
	ErrNoPeriod        = errclass.New(errclass.Usage, "the file does not contain the period: set it in the options")
	ErrUnsupported     = errclass.New(errclass.Unsupported, "not supported")
	ErrDuplicate       = errclass.New(errclass.Usage, "twice in one file")
	ErrMAC             = errclass.New(errclass.Failed, "the MAC does not match: the key or password is wrong, or the file was changed")
	ErrNoMAC           = errclass.New(errclass.Failed, "no MAC: refused, because the value could have been changed")
	ErrNoKey           = errclass.New(errclass.Usage, "the file is encrypted: a key or password is needed")
	ErrSignature       = errclass.New(errclass.Failed, "the signature is not valid")
	ErrLost            = errclass.New(errclass.Failed, "the target format cannot carry all data")
	ErrLimit           = errclass.New(errclass.Usage, "too large")
)

// Error describes a mistake in a file and its place.
type Error struct {
	Format string // its name
	Line   int    // of the file, or entry of an app's export, from 1; 0 if unknown
	Record string // Record.Name; "" if not yet read
	Field  string // column or element; "" if the error is about the whole record
	Err    error
}

// Error returns for example "oath-csv: line 3: token 2600124800001: seed: odd number of
// hexadecimal digits". It is safe to display; see printable.
func (e *Error) Error() string {
	parts := []string{e.Format}
	if e.Line > 0 {
		parts = append(parts, place(e.Format, e.Line))
	}
	if e.Record != "" {
		parts = append(parts, "token "+e.Record)
	}
	if e.Field != "" {
		parts = append(parts, e.Field)
	}
	return printable(strings.Join(parts, ": ") + ": " + e.Err.Error())
}

// place describes a line or an entry of a file.
func place(format string, line int) string {
	if f, err := FormatByName(format); err == nil && f.entries {
		return "entry " + strconv.Itoa(line)
	}
	return "line " + strconv.Itoa(line)
}

// printable replaces the characters of a text that would control a terminal: control
// characters including C1, line and paragraph separators, characters that change the
// direction of writing, and broken UTF-8. The text may contain parts of a file.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrorClass returns the class of Err, or Usage if it has none, because the content of
// the file is then wrong.
func (e *Error) ErrorClass() errclass.Class {
	if class, found := errclass.Of(e.Err); found {
		return class
	}
	return errclass.Usage
}

// A file may have a seed in any wrong place: in another column, in another element,
// whole or in groups. The only parts of a file that a message may repeat are therefore:
//
//   - names (of tokens, users, elements and keys) that are too short to be a seed
//     of 16 bytes in any encoding, see mayBeSeed;
//   - values that are defined words of a format, see quoteKnown;
//   - numbers of at most five digits, and single characters.

// mayBeSeed reports whether a name may be a seed, or most of one, with any separators
// between its characters. 16 bytes make 22 characters in base64, 26 in base32 and 32 in
// hexadecimal. Shorter seeds are recognised by their alphabet.
func mayBeSeed(name string) bool {
	if isUUID(name) || strings.HasSuffix(name, "=") || strings.Contains(name, "==") {
		return true // as long as a seed of 16 bytes, in groups; or base64
	}
	n := 0
	var letters []byte
	for _, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			n++
			letters = append(letters, byte(min(r, 0x7f)))
		case strings.ContainsRune("+/=", r): // base64 characters
			n++
		}
	}
	if n > token.MaxSerialLen {
		return true
	}
	seed, err := token.ParseShortSeed(string(letters))
	seed.Destroy()
	return err == nil
}

// nameInMessage returns the name of an element, attribute or key for a message, or "?"
// if it may be a seed.
func nameInMessage(s string) string {
	if !knownNames[s] && mayBeSeed(s) {
		return "?"
	}
	return s
}

// knownNames contains the elements of PSKC, because some have long names.
var knownNames = func() map[string]bool {
	known := map[string]bool{}
	for i := range pskcRules {
		for name := range pskcRules[i].children {
			known[name] = true
		}
	}
	return known
}()

// quoteName is nameInMessage in quotes.
func quoteName(s string) string {
	if mayBeSeed(s) {
		return "…"
	}
	return fmt.Sprintf("%q", s)
}

// quoteKnown returns a value of a PSKC file in quotes if it is one of the usual words
// or URIs, and "…" for any other.
func quoteKnown(s string) string {
	s = strings.Trim(s, xmlSpace)
	if knownWords[strings.ToUpper(s)] {
		return fmt.Sprintf("%q", s)
	}
	if strings.HasPrefix(s, "OCRA-1:") { // RFC 6287
		return `"OCRA-1:…"`
	}
	for _, prefix := range knownPrefixes {
		if rest, ok := strings.CutPrefix(s, prefix); ok && knownURI(rest) {
			return fmt.Sprintf("%q", s)
		}
	}
	return "…"
}

// knownURI reports whether the end of a URI consists of known words.
func knownURI(rest string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(rest), func(r rune) bool { return strings.ContainsRune("-_:#/.", r) }) {
		if !uriWords[word] {
			return false
		}
	}
	return true
}

var uriWords = func() map[string]bool {
	words := map[string]bool{}
	for _, s := range strings.Fields(`
		pskc container hotp totp pin ocra securid aes algor counter yubikey 0 1 2 5 v1 v2
		aes128 aes192 aes256 128 192 256 cbc gcm kw pad tripledes camellia camellia128 camellia192 camellia256
		rsa oaep mgf1p mgf1sha1 mgf1sha224 mgf1sha256 mgf1sha384 mgf1sha512 pbkdf1 pbkdf2 scrypt concatkdf
		hmac md5 ripemd160 sha1 sha224 sha256 sha384 sha512`) {
		words[s] = true
	}
	return words
}()

var knownPrefixes = []string{
	"urn:ietf:params:xml:ns:keyprov:",
	"http://www.ietf.org/keyprov/pskc#",
	"http://www.w3.org/2000/09/xmldsig#",
	"http://www.w3.org/2001/04/xmldsig-more#",
	"http://www.w3.org/2001/04/xmlenc#",
	"http://www.w3.org/2007/05/xmldsig-more#",
	"http://www.w3.org/2009/xmlenc11#",
	"http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5",
	"http://www.yubico.com/#",
}

var knownWords = func() map[string]bool {
	words := map[string]bool{}
	for _, s := range strings.Fields(`
		DECIMAL HEXADECIMAL ALPHANUMERIC BASE64 BINARY
		OTP CR ENCRYPT INTEGRITY VERIFY UNLOCK DECRYPT KEYWRAP UNWRAP DERIVE GENERATE SIGN
		MD5 SHA1 SHA-1 SHA224 SHA-224 SHA256 SHA-256 SHA384 SHA-384 SHA512 SHA-512 SHA3-256 SHA3-512
		HMAC-MD5 HMAC-SHA224 HMAC-SHA-224 HMAC-SHA384 HMAC-SHA-384 AES128 3DES
		UTF-16 UTF-16LE UTF-16BE UTF-32 ISO-8859-1 ISO-8859-2 ISO-8859-15 LATIN1
		WINDOWS-1250 WINDOWS-1251 WINDOWS-1252 WINDOWS-31J SHIFT_JIS EUC-JP ISO-2022-JP GB2312 GBK GB18030 BIG5 EUC-KR KOI8-R`) {
		words[s] = true
	}
	return words
}()

// xmlMessage returns the text of an error of package xml, unless it may quote the file.
func xmlMessage(s string) string {
	if strings.ContainsAny(s, "<&:\"'") {
		return "not well-formed"
	}
	return s
}
