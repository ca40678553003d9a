// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// dialects lists for each format the records that it must accept, according to its
// server's documentation, and the fields that it loses of a record with all of them.
var dialects = []struct {
	name  string
	takes func(r *Record) bool
	lost  string // fields of fullRecord that are lost
}{
	{
		"oath-csv",
		func(r *Record) bool {
			return serial(r) && sixOrEight(r) && (hotp(r) || halfOrWhole(r)) && byLength(r, 28, 32, 48, 64)
		},
		"algorithm, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"manufacturer, model, issue number, issuer, key id, friendly name, user",
	},
	{
		"linotp-csv",
		func(r *Record) bool { return serial(r) && sixOrEight(r) && (hotp(r) || halfOrWhole(r)) },
		"T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"manufacturer, model, issue number, issuer, key id, friendly name, user",
	},
	{
		"entra-csv",
		func(r *Record) bool {
			return serial(r) && !hotp(r) && halfOrWhole(r) && !formula(r.User) && !formula(r.Manufacturer) && !formula(r.Model)
		},
		"algorithm, digits, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"issue number, issuer, key id, friendly name",
	},
	{"duo", serial, pairLost},
	{"pingid", serial, pairLost},
	{
		"netiq-csv", serial,
		"algorithm, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"manufacturer, model, issue number, issuer, key id, friendly name, user",
	},
	{
		"multiotp-csv",
		func(r *Record) bool {
			return serial(r) && (!formula(r.Manufacturer) || strings.ContainsAny(r.Manufacturer, ",;\t\""))
		},
		"algorithm, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"model, issue number, issuer, key id, friendly name, user",
	},
	{
		"dualshield-xml",
		func(r *Record) bool { return serial(r) && !hotp(r) && sixOrEight(r) && halfOrWhole(r) },
		"T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"issue number, issuer, key id, friendly name, user",
	},
	{
		"feitian-xml",
		func(r *Record) bool { return serial(r) && r.T0 >= 0 && r.T0 <= math.MaxInt32 },
		"drift, counter, device start, device expiry, policy start, policy expiry, " +
			"issue number, issuer, key id, friendly name, user",
	},
	{
		"safenet-xml",
		func(r *Record) bool { return serial(r) && hotp(r) && byLength(r, 32) },
		"algorithm, digits, period, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"manufacturer, issue number, issuer, key id, user",
	},
	{
		"users-oath",
		func(r *Record) bool {
			return account(r) != "" && !strings.ContainsFunc(account(r), unicode.IsSpace) && r.Digits <= 8 &&
				(hotp(r) && r.Counter < math.MaxUint64 || !hotp(r) && halfOrWhole(r))
		},
		"serial number, algorithm, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"manufacturer, model, issue number, issuer, key id, friendly name",
	},
	{
		"otpauth",
		func(r *Record) bool {
			return account(r) != "" && !strings.Contains(account(r)+r.Issuer, ":")
		},
		"serial number, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
			"manufacturer, model, issue number, key id, friendly name",
	},
	{
		"okta",
		func(r *Record) bool { return r.User != "" && !hotp(r) },
		"serial number, algorithm, digits, period, T0, drift, counter, device start, device expiry, policy start, " +
			"policy expiry, manufacturer, model, issue number, issuer, key id, friendly name",
	},
	{"fob", func(*Record) bool { return true }, ""},
}

const pairLost = "algorithm, digits, period, T0, drift, counter, device start, device expiry, policy start, policy expiry, " +
	"manufacturer, model, issue number, issuer, key id, friendly name, user"

func serial(r *Record) bool      { return !r.Serial.IsZero() }
func hotp(r *Record) bool        { return r.Type == HOTP }
func sixOrEight(r *Record) bool  { return r.Digits == 6 || r.Digits == 8 }
func halfOrWhole(r *Record) bool { return r.Step == 30 || r.Step == 60 }

// byLength reports whether a server that derives the hash from the length of the seed
// uses the right one. lengths are the lengths for which it does not use SHA-1.
func byLength(r *Record, lengths ...int) bool {
	if !slices.Contains(lengths, r.Seed.Len()) {
		return r.Algorithm == token.SHA1
	}
	return r.Seed.Len() == 32 && r.Algorithm == token.SHA256 || r.Seed.Len() == 64 && r.Algorithm == token.SHA512
}

var formulaBegins = regexp.MustCompile(`(?:^|[,;\t])[ "]*[=+\-@\r＝＋－＠]`)

func formula(s string) bool { return formulaBegins.MatchString(s) }

func account(r *Record) string {
	if r.User != "" {
		return r.User
	}
	return r.Serial.String()
}

// fullRecord has a value in every field.
func fullRecord(t testing.TB) Record {
	at := func(year int) time.Time { return time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC) }
	return Record{
		Serial: testSerial(t, "2600124800001"), Seed: hexSeedOf(t, rfcSeed), Algorithm: token.SHA256, Digits: 8,
		Step: 60, T0: token.Epoch2000, Drift: 3, Counter: 4,
		Device:       Validity{Start: at(2026), Expiry: at(2031)},
		Policy:       Validity{Start: at(2027), Expiry: at(2030)},
		Manufacturer: "Feitian", Model: "c200", IssueNo: "1", Issuer: "Bank", KeyID: "k1", FriendlyName: "fob", User: "alice",
	}
}

// TestLost checks the fields that each format cannot carry, and that the table contains
// all formats.
func TestLost(t *testing.T) {
	full := fullRecord(t)
	listed := map[string]bool{}
	for _, d := range dialects {
		require.Equal(t, d.lost, mustFormat(t, d.name).Lost(&full).String(), d.name)
		listed[d.name] = true
	}
	for _, f := range Formats() {
		require.True(t, listed[f.Name] || strings.HasPrefix(f.Name, "pskc") || !f.Writable(), "%s is in no row", f.Name)
	}

	// One of our usual tokens, in the two formats that hold all of its fields.
	usual := Record{Serial: full.Serial, Seed: full.Seed, Digits: 6, Step: 60}
	require.Zero(t, mustFormat(t, "oath-csv").Lost(&usual))
	require.Zero(t, mustFormat(t, "entra-csv").Lost(&usual))
	usual.Device.Expiry = full.Device.Expiry
	require.Equal(t, FieldDeviceExpiry, mustFormat(t, "entra-csv").Lost(&usual))
	usual.Step = 45
	require.Equal(t, "serial number, period, device expiry", mustFormat(t, "users-oath").Lost(&usual).String())
}
