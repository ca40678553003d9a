// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

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
