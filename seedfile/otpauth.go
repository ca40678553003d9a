// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/token"
)

// otpauth is a list of URIs for authenticator apps, one per line (the "Key Uri Format"
// of google-authenticator's wiki):
//
//	otpauth://totp/Issuer:account?secret=BASE32&issuer=Issuer&algorithm=SHA1&digits=6&period=60
//	otpauth://hotp/account?secret=BASE32&counter=0
//
// The secret is base32. According to that page the defaults are SHA1, 6 digits and a
// period of 30. The options take precedence over them, and the reader does not assume
// the period: it returns [ErrNoPeriod]. hotp requires a counter. If the issuers of
// label and query differ, the reader uses the query's, as the apps do, and warns. A
// parameter without a value is treated as missing. The secret may be in groups, because
// people receive it in that form for typing. Other parameters, an image for example,
// are left out with a warning. Lines that begin with # are ignored.
//
// A URI has no serial number. If a record has no user, its serial number is written as
// the account, and is read back as the user.
var otpauth = &Format{
	Name: "otpauth", Title: "otpauth URIs, one a line", Extension: ".txt",
	carries: func(r *Record) Field {
		return FieldType | FieldAlgorithm | FieldDigits | FieldIssuer | FieldUser | movingFactor(r)
	},
	detect: func(head []byte) bool {
		rest, _ := cutScheme(string(firstLine(head, "#")), otpauthScheme)
		return rest != ""
	},
	read: readLines("otpauth", func(l *recordLines) {
		l.parse = func(line []byte, r *Record) (bool, error) {
			if emptyOrComment(line) {
				return false, nil
			}
			return true, parseURI(string(line), &l.options, r)
		}
	}),
	write: writeFunc(recordWriter{format: "otpauth", add: func(dst []byte, r *Record) ([]byte, error) {
		dst, err := appendURI(dst, r)
		return append(dst, '\n'), err
	}}),
}

const otpauthScheme = "otpauth://"

// cutScheme returns a URI without its scheme, and whether it has that scheme, in upper
// or lower case.
func cutScheme(uri, scheme string) (string, bool) {
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return "", false
	}
	return uri[len(scheme):], true
}

// parseURI reads an otpauth URI. It does not pass on the errors of package net/url,
// which quote the URI.
func parseURI(s string, o *ReadOptions, r *Record) error {
	rest, found := cutScheme(s, otpauthScheme)
	if !found {
		return malformed("the line does not begin with otpauth://")
	}
	kind, rest, found := strings.Cut(rest, "/")
	if !found {
		return malformed("no / after the type")
	}
	if err := r.setType([]byte(kind)); err != nil {
		return err
	}
	label, query, found := strings.Cut(rest, "?")
	if !found {
		return malformed("no parameters: the secret is missing")
	}
	if err := r.setLabel(label); err != nil {
		return err
	}
	values, err := parameters(query, o)
	if err != nil {
		return err
	}
	if issuer, found := values["issuer"]; found {
		if r.Issuer != "" && r.Issuer != issuer {
			o.once(o.warn, "issuers", "otpauth: the issuers in label and parameter differ: the parameter's is used")
		}
		r.Issuer = issuer
	}
	secret := strings.NewReplacer(" ", "", "-", "").Replace(values["secret"])
	if r.Seed, err = base32Seed([]byte(secret)); err != nil {
		return err
	}
	return r.setMoving(values, o)
}

// setLabel reads issuer:account, or account.
func (r *Record) setLabel(label string) error {
	label, err := url.PathUnescape(label)
	if err != nil {
		return malformed("the label has an invalid %% escape")
	}
	r.User = label
	if issuer, account, found := strings.Cut(label, ":"); found {
		// The page allows spaces after the colon. Some accounts contain colons too.
		r.Issuer, r.User = issuer, strings.TrimLeft(account, " ")
	}
	return nil
}

// parameters reads a query. Each name may occur once.
func parameters(query string, o *ReadOptions) (map[string]string, error) {
	values := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch name = strings.ToLower(name); name {
		case "secret", "issuer", "algorithm", "digits", "period", "counter":
		case "":
			continue
		default:
			o.once(o.leftOut, "parameter", "otpauth: an unknown parameter is left out")
			continue
		}
		if _, twice := values[name]; twice {
			return nil, malformed("duplicate parameter %s", name)
		}
		value, err := url.QueryUnescape(value)
		if err != nil {
			return nil, malformed("parameter %s has an invalid %% escape", name)
		}
		if value != "" {
			values[name] = value
		}
	}
	return values, nil
}

// setMoving sets algorithm, digits, period and counter.
func (r *Record) setMoving(values map[string]string, o *ReadOptions) (err error) {
	r.Algorithm, r.Digits = o.Algorithm, o.defaultDigits()
	if s, found := values["algorithm"]; found {
		if err = r.setAlgorithm([]byte(s)); err != nil {
			return err
		}
	}
	if s, found := values["digits"]; found {
		if r.Digits, err = digits(s, token.MinDigits, token.MaxDigits); err != nil {
			return err
		}
	}
	s, found := values["period"]
	switch {
	case r.Type == HOTP:
		r.Counter, err = number("counter", values["counter"], math.MaxUint64)
	case found:
		r.Step, err = step(s)
	default:
		r.Step, err = o.defaultStep()
	}
	return err
}

// OTPAuthURI returns the record as an otpauth URI, for [QRPNG] and [QRText]. An
// authenticator app then shows the same codes as the token. The account is the record's
// user, or its serial number if there is no user. The URI contains the seed. The error
// wraps [ErrValue] if the record has neither of the two, or if issuer or account
// contains a colon.
func OTPAuthURI(r *Record) (string, error) {
	if err := checkFields(r, otpauth.carries(r)); err != nil {
		return "", locate("otpauth", 0, r, err)
	}
	b, err := appendURI(nil, r)
	if err != nil {
		return "", locate("otpauth", 0, r, err)
	}
	return string(b), nil
}

// ParseOTPAuthURI reads an otpauth URI. All errors are an [Error], including
// [ErrNoPeriod].
func ParseOTPAuthURI(uri string, o ReadOptions) (Record, error) {
	var r Record
	if len(uri) > maxLine {
		return Record{}, locate("otpauth", 0, nil, fmt.Errorf("%w: a URI of more than %d bytes", ErrLimit, maxLine))
	}
	err := parseURI(uri, &o, &r)
	if err == nil {
		err = check(&r)
	}
	if err == nil {
		err = o.checkSeed(r.Seed, new(bool))
	}
	if err != nil {
		return Record{}, locate("otpauth", 0, &r, err)
	}
	return r, nil
}

func appendURI(dst []byte, r *Record) ([]byte, error) {
	account, err := r.account()
	switch {
	case err != nil:
		return dst, err
	case strings.Contains(account, ":"):
		return dst, badValue("user", "contains a colon, which separates issuer and account in a label")
	case strings.Contains(r.Issuer, ":"):
		return dst, badValue("issuer", "contains a colon, which separates issuer and account in a label")
	}
	dst = append(dst, "otpauth://"...)
	dst = append(dst, strings.ToLower(r.Type.String())...)
	dst = append(dst, '/')
	if r.Issuer != "" {
		dst = append(dst, escapeURI(r.Issuer)...)
		dst = append(dst, ':')
	}
	dst = append(dst, escapeURI(account)...)
	dst = append(dst, "?secret="...)
	dst = append(dst, r.Seed.ExposeBase32()...)
	if r.Issuer != "" {
		dst = append(dst, "&issuer="...)
		dst = append(dst, escapeURI(r.Issuer)...)
	}
	dst = append(dst, "&algorithm="...)
	dst = append(dst, r.Algorithm.String()...)
	dst = append(dst, "&digits="...)
	dst = strconv.AppendUint(dst, uint64(r.Digits), 10)
	if r.Type == HOTP {
		dst = append(dst, "&counter="...)
		return strconv.AppendUint(dst, r.Counter, 10), nil
	}
	dst = append(dst, "&period="...)
	return strconv.AppendInt(dst, int64(r.Step), 10), nil
}

// escapeURI escapes a text for label or query. A space becomes %20, because some apps
// do not read + as a space.
func escapeURI(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
