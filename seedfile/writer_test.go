// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// TestDualShieldOneHeader checks that a DualShield file refuses tokens with another header, and
// that more tokens can follow.
func TestDualShieldOneHeader(t *testing.T) {
	first := Record{
		Serial: testSerial(t, "1"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST",
	}
	var b strings.Builder
	w, err := mustFormat(t, "dualshield-xml").NewWriter(&b, WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.Write(&first))
	for _, change := range []func(r *Record){
		func(r *Record) { r.Digits = 8 },
		func(r *Record) { r.Step = 30 },
		func(r *Record) { r.Algorithm = token.SHA256 },
		func(r *Record) { r.Manufacturer = "XX" },
		func(r *Record) { r.Model = "" },
	} {
		r := first
		change(&r)
		require.ErrorIs(t, w.Write(&r), ErrValue)
	}
	require.NoError(t, w.Write(&first))
	require.NoError(t, w.Close())
	got, err := readAll(mustFormat(t, "dualshield-xml"), b.String(), ReadOptions{})
	require.NoError(t, err, b.String())
	require.Len(t, got, 2)
	requireSame(t, first, got[1], b.String())

	// Another header requires another file.
	first.Digits = 8
	again, err := writeAll(mustFormat(t, "dualshield-xml"), first)
	require.NoError(t, err)
	require.Contains(t, again, "<digits>8</digits>")
}

// TestNoEncryption checks that every dialect refuses encryption instead of writing
// seeds in clear.
func TestNoEncryption(t *testing.T) {
	for _, d := range dialects {
		for _, o := range []WriteOptions{
			{Encrypt: &Encryption{Password: []byte("qwerty")}, OktaProfile: "f"},
			{Sign: &Signer{}, OktaProfile: "f"},
		} {
			_, err := mustFormat(t, d.name).NewWriter(io.Discard, o)
			require.ErrorIs(t, err, ErrUnsupported, d.name)
		}
	}
	_, err := mustFormat(t, "okta").NewWriter(io.Discard, WriteOptions{})
	requireRefused(t, err, ErrNoFactorProfile, "factorProfileId", "")
}

// TestErrorIsRepeated checks that a reader does not continue after a bad record. Otherwise a
// caller that ignores the error would take the rest for the whole file.
func TestErrorIsRepeated(t *testing.T) {
	r, err := mustFormat(t, "oath-csv").NewReader(strings.NewReader("?\n"+row), ReadOptions{})
	require.NoError(t, err)
	_, first := r.Read()
	require.ErrorIs(t, first, ErrSyntax)
	_, again := r.Read()
	require.Equal(t, first, again)
}

// TestOutsideErrors checks that errors from outside the file are returned unchanged.
func TestOutsideErrors(t *testing.T) {
	trouble := errors.New("the disk failed")
	for _, s := range samples() {
		text := readTestdata(t, s.file)
		f := mustFormat(t, s.formats[0])
		r, err := f.NewReader(io.MultiReader(strings.NewReader(text[:len(text)/3]), iotest.ErrReader(trouble)),
			ReadOptions{Step: 60})
		for err == nil {
			_, err = r.Read()
		}
		require.ErrorIs(t, err, trouble, s.file)
		var where *Error
		require.False(t, errors.As(err, &where), "%s: %v is not about the content", s.file, err)
	}
	for _, d := range dialects {
		w, err := mustFormat(t, d.name).NewWriter(failing{trouble}, writeOptions)
		require.NoError(t, err)
		r := Record{Serial: testSerial(t, "1"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60, User: "alice"}
		if d.name == "safenet-xml" {
			r.Type, r.Step = HOTP, 0
		}
		require.NoError(t, w.Write(&r), d.name) // to the buffer
		require.ErrorIs(t, w.Close(), trouble, d.name)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestNoPeriod checks for every format that a missing period is an error, and that the
// options can supply it.
func TestNoPeriod(t *testing.T) {
	for _, tt := range []struct{ format, text string }{
		{"oath-csv", "2600124800001, " + rfcSeed + ", totp\n"},
		{"oath-csv", "2600124800001, " + rfcSeed + ", totp, 6,\n"},
		{"linotp-csv", "2600124800001, " + rfcSeed + ", totp, 6\n"},
		{"linotp-csv", "2600124800001, " + rfcSeed + ", totp, 6, , sha1\n"},
		{"netiq-csv", "2600124800001, " + rfcSeed + ", totp, 6\n"},
		{"entra-csv", entraFirst + "a@b.c,2600124800001," + rfcBase32 + ",,Contoso,Key\n"},
		{"duo", pair},
		{"pingid", pair},
		{"multiotp-csv", "2600124800001;;TOTP;" + rfcSeed + ";6;\n"},
		{"dualshield-xml", strings.Replace(shield, "<timeWindow>60</timeWindow>", "", 1) + shieldToken},
		{"feitian-xml", `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret></Data></Key></Device></KeyContainer>`},
		{"otpauth", "otpauth://totp/alice?secret=" + rfcBase32 + "\n"},
		{"okta", `{"userId":"alice","body":{"profile":{"sharedSecret":"` + rfcSeed + `"}}}`},
		{"fob", fobHead + `{"type":"TOTP","seed":"` + rfcSeed + `","algorithm":"SHA1","digits":6}`},
	} {
		_, err := readAll(mustFormat(t, tt.format), tt.text, ReadOptions{})
		require.ErrorIs(t, err, ErrNoPeriod, tt.format)
		var where *Error
		require.ErrorAs(t, err, &where, tt.format)
		require.Equal(t, "period", where.Field, tt.format)

		for _, o := range []ReadOptions{{Step: 30}, {Step: 60}} {
			got, err := readAll(mustFormat(t, tt.format), tt.text, o)
			require.NoError(t, err, tt.format)
			require.Equal(t, o.Step, got[0].Step, tt.format)
		}
	}
}

// TestFormulas checks that names that a spreadsheet would run are refused, and that
// serial numbers are written unchanged.
func TestFormulas(t *testing.T) {
	r := Record{Serial: testSerial(t, "-0012E10"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60}
	for _, name := range []string{"=1+1", "+1", "-1", "@SUM"} {
		r.Manufacturer = name
		for _, format := range []string{"entra-csv", "multiotp-csv"} {
			_, err := writeAll(mustFormat(t, format), r)
			require.ErrorIs(t, err, ErrValue)
			require.EqualError(t, err, format+": token -0012E10: manufacturer: bad value: begins with '"+name[:1]+
				"': a spreadsheet that opens the file would run it as a formula")
		}
	}
	for _, name := range []string{"＝1", "＋1", "－1", "＠SUM", "a;=1+1", "a,=1+1", "a, @SUM", `a;"=1"`, "a;－1"} {
		r.Manufacturer = name
		for _, format := range []string{"entra-csv", "multiotp-csv"} {
			if format == "multiotp-csv" && strings.ContainsAny(name, ",;") {
				continue // left out
			}
			_, err := writeAll(mustFormat(t, format), r)
			requireRefused(t, err, ErrValue, "would run it as a formula", name)
		}
	}
	for _, name := range []string{"\ta", "\ra", " a", "a\x00"} {
		r.Manufacturer = name
		_, err := writeAll(mustFormat(t, "entra-csv"), r)
		require.ErrorIs(t, err, ErrValue, "%q", name)
	}
	r.Manufacturer = "a=b"
	got, err := writeAll(mustFormat(t, "entra-csv"), r)
	require.NoError(t, err)
	require.Equal(t, entraFirst+",-0012E10,"+rfcBase32+",60,a=b,\n", got)
}

// TestOptions checks that options supply missing data, and that data in the file takes
// precedence.
func TestOptions(t *testing.T) {
	long := rfcSeed + "313233343536373839303132" // 32 bytes
	feitian := func(parameters string) string {
		return `<KeyContainer><Device><Key KeyId="1" Algorithm="x:totp"><AlgorithmParameters>` + parameters + `</AlgorithmParameters>` +
			`<Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret></Data></Key></Device></KeyContainer>`
	}
	none := ReadOptions{Step: 60}
	eight := ReadOptions{Step: 60, Digits: 8, Algorithm: token.SHA512}
	for _, tt := range []struct {
		format, text string
		o            ReadOptions
		digits       uint8
		algorithm    token.Algorithm
	}{
		{"duo", pair, none, 6, token.SHA1},
		{"duo", pair, eight, 8, token.SHA512},
		{"pingid", pair, eight, 8, token.SHA512},
		{"netiq-csv", pair, eight, 8, token.SHA512},
		{"oath-csv", row, eight, 6, token.SHA512},
		{"oath-csv", "1, " + rfcSeed + ", totp", eight, 8, token.SHA512},
		{"linotp-csv", "1, " + long + ", totp, 6, 60", none, 6, token.SHA256},
		{"linotp-csv", "1, " + long + long + ", totp, 6, 60", none, 6, token.SHA512},
		{"linotp-csv", "1, " + long + ", totp, 6, 60", eight, 6, token.SHA512},
		{"linotp-csv", "1, " + long + ", totp, 6, 60, sha1", eight, 6, token.SHA1},
		{"multiotp-csv", "1;;TOTP;" + rfcSeed + ";6;60", eight, 6, token.SHA512},
		{"entra-csv", entraFirst + "a,1," + rfcBase32 + ",60,,", eight, 6, token.SHA1},
		{"dualshield-xml", shield + shieldToken, eight, 6, token.SHA1},
		{"dualshield-xml", strings.NewReplacer("<digits>6</digits>", "", "<crypto>HmacSHA1</crypto>", "").Replace(shield) + shieldToken, eight, 8, token.SHA512},
		{"feitian-xml", feitian(""), eight, 8, token.SHA512},
		{"feitian-xml", feitian(`<Suite>HMAC-SHA256</Suite><ResponseFormat Length="6"/>`), eight, 6, token.SHA256},
		{"safenet-xml", readTestdata(t, "safenet.xml"), eight, 8, token.SHA512},
		{"users-oath", "HOTP/T60 alice - " + rfcSeed, eight, 8, token.SHA1},
		{"users-oath", "HOTP/T60/7 alice - " + rfcSeed, eight, 7, token.SHA1},
		{"otpauth", "otpauth://totp/a?secret=" + rfcBase32, eight, 8, token.SHA512},
		{"otpauth", "otpauth://totp/a?secret=" + rfcBase32 + "&digits=6&algorithm=SHA1", eight, 6, token.SHA1},
		{"okta", readTestdata(t, "okta.jsonl"), eight, 8, token.SHA512},
	} {
		got, err := readAll(mustFormat(t, tt.format), tt.text, tt.o)
		require.NoError(t, err, tt.format)
		require.Equal(t, tt.digits, got[0].Digits, "%s: %s", tt.format, tt.text)
		require.Equal(t, tt.algorithm, got[0].Algorithm, "%s: %s", tt.format, tt.text)
	}
	_, err := readAll(mustFormat(t, "duo"), pair, ReadOptions{Step: 60, Digits: 10})
	require.EqualError(t, err, "duo: line 1: token 2600124800001: digits: bad value: 10, want 6 to 9")
	_, err = readAll(mustFormat(t, "duo"), pair, ReadOptions{Step: -60})
	require.ErrorIs(t, err, ErrValue)
}

// TestUncommonPeriods writes the periods of 20 s and 36 s, which some tokens have, in every
// format, unless its servers are limited to 30 and 60.
func TestUncommonPeriods(t *testing.T) {
	carry := map[string]bool{
		"pskc": true, "fob": true, "feitian-xml": true, "multiotp-csv": true, "netiq-csv": true, "otpauth": true,
	}
	for _, f := range Formats() {
		for _, step := range []token.UnixSeconds{20, 36} {
			r := Record{
				Serial: testSerial(t, "1"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: step, User: "alice", KeyID: "1",
			}
			if !f.Writable() || f.Lost(&r)&FieldStep != 0 {
				require.False(t, carry[f.Name], f.Name)
				continue
			}
			file, err := writeAll(f, r)
			if !carry[f.Name] {
				require.ErrorContains(t, err, "the format allows 30 or 60", f.Name)
				continue
			}
			require.NoError(t, err, f.Name)
			got, err := readAll(f, file, ReadOptions{})
			require.NoError(t, err, f.Name)
			require.Equal(t, step, got[0].Step, f.Name)
		}
	}
}
