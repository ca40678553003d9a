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
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
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
		require.True(t, listed[f.Name] || strings.HasPrefix(f.Name, "pskc") || !f.Writable(), "dialects has no row for %s", f.Name)
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

// drawRecord generates a record. Many have values that some formats cannot carry.
func drawRecord(t *rapid.T) Record {
	// Characters that are special in at least one format.
	name := func(label string) string {
		special := []rune(`abcXYZ019 ,;"'<>&=+-@:%/?#\{}äß漢😀`)
		s := string(rapid.SliceOfN(rapid.SampledFrom(special), 0, 12).Draw(t, label))
		return strings.TrimSpace(s)
	}
	r := Record{
		Type:         rapid.SampledFrom([]Type{TOTP, HOTP}).Draw(t, "type"),
		Algorithm:    token.Algorithm(rapid.IntRange(0, 2).Draw(t, "algorithm")),
		Digits:       rapid.SampledFrom([]uint8{6, 6, 7, 8, 8, 9}).Draw(t, "digits"),
		T0:           token.UnixSeconds(rapid.SampledFrom([]int64{0, 0, 946684800, -1, math.MaxInt64}).Draw(t, "t0")),
		Drift:        rapid.SampledFrom([]int64{0, 0, -3, math.MinInt64}).Draw(t, "drift"),
		Counter:      rapid.SampledFrom([]uint64{0, 0, 1, math.MaxUint64}).Draw(t, "counter"),
		Manufacturer: name("manufacturer"), Model: name("model"), IssueNo: name("issue number"),
		Issuer: name("issuer"), KeyID: name("key id"), FriendlyName: name("friendly name"), User: name("user"),
	}
	if r.Type == TOTP {
		r.Step = rapid.SampledFrom([]token.UnixSeconds{30, 60, 60, 1, 45, 86400}).Draw(t, "step")
	}
	for _, p := range []*time.Time{&r.Device.Start, &r.Device.Expiry, &r.Policy.Start, &r.Policy.Expiry} {
		if rapid.Bool().Draw(t, "dated") {
			*p = time.Unix(rapid.Int64Range(0, 253402300799).Draw(t, "date"), 0).UTC()
		}
	}
	if s := rapid.StringMatching(`[0-9A-Za-z-]{0,20}`).Draw(t, "serial"); s != "" {
		var err error
		r.Serial, err = token.ParseSerial(s)
		require.NoError(t, err)
	}
	var err error
	r.Seed, err = token.NewSeed(rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "seed"))
	require.NoError(t, err)
	return r
}

// without returns r after a format has lost these fields and the options have supplied
// the period.
func without(r Record, lost Field, period token.UnixSeconds) Record {
	if lost&FieldSerial != 0 && r.KeyID == r.Serial.String() {
		r.KeyID = "" // is redundant with it and is lost as well
	}
	if lost&FieldType != 0 {
		r.Type, r.Step = TOTP, period
	}
	unset(lost, FieldSerial, &r.Serial, token.Serial{})
	unset(lost, FieldAlgorithm, &r.Algorithm, token.SHA1)
	unset(lost, FieldDigits, &r.Digits, 6)
	unset(lost, FieldStep, &r.Step, period)
	unset(lost, FieldT0, &r.T0, 0)
	unset(lost, FieldDrift, &r.Drift, 0)
	unset(lost, FieldCounter, &r.Counter, 0)
	unset(lost, FieldDeviceStart, &r.Device.Start, time.Time{})
	unset(lost, FieldDeviceExpiry, &r.Device.Expiry, time.Time{})
	unset(lost, FieldPolicyStart, &r.Policy.Start, time.Time{})
	unset(lost, FieldPolicyExpiry, &r.Policy.Expiry, time.Time{})
	unset(lost, FieldManufacturer, &r.Manufacturer, "")
	unset(lost, FieldModel, &r.Model, "")
	unset(lost, FieldIssueNo, &r.IssueNo, "")
	unset(lost, FieldIssuer, &r.Issuer, "")
	unset(lost, FieldKeyID, &r.KeyID, "")
	unset(lost, FieldFriendlyName, &r.FriendlyName, "")
	unset(lost, FieldUser, &r.User, "")
	return r
}

func unset[T any](lost, field Field, p *T, value T) {
	if lost&field != 0 {
		*p = value
	}
}

// TestRoundTrip writes random records in every format that accepts them and reads them
// back. All fields that Lost does not return must be unchanged, and no others may be
// set.
func TestRoundTrip(t *testing.T) {
	const period = 77
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			f := mustFormat(t, d.name)
			proptest.Check(t, func(t *rapid.T) {
				r := drawRecord(t)
				file, err := writeAll(f, r)
				if !d.takes(&r) {
					require.ErrorIs(t, err, ErrValue, "%+v", plain(r))
					requireNoSeed(t, err, r.Seed)
					return
				}
				require.NoError(t, err, "%+v", plain(r))
				got, err := readAll(f, file, ReadOptions{Step: period})
				require.NoError(t, err, file)
				require.Len(t, got, 1, file)
				want := without(r, f.Lost(&r), period)
				if d.name == "users-oath" || d.name == "otpauth" {
					want.User = account(&r) // the only name in the file
				}
				requireSame(t, want, got[0], file)
			})
		})
	}
}

// requireNoSeed checks that an error text does not contain the seed, or a part of it
// that is too long for a serial number.
func requireNoSeed(t require.TestingT, err error, seed token.Seed) {
	const part = token.MaxSerialLen + 1
	text := strings.ToLower(err.Error())
	for _, secret := range []string{seed.ExposeHex(), strings.ToLower(seed.ExposeBase32())} {
		for i := 0; i+part <= len(secret); i++ {
			require.NotContains(t, text, secret[i:i+part])
		}
	}
}
