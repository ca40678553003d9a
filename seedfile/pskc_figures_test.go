// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// rawPackages parses a file up to its values, without interpreting them.
func rawPackages(t *testing.T, file string) []pskcKey {
	t.Helper()
	r, err := pskcFormat.NewReader(strings.NewReader(file), ReadOptions{})
	require.NoError(t, err)
	p := r.(*pskcReader)
	var all []pskcKey
	for p.next() == nil {
		k := p.key
		k.usage = append([]string(nil), k.usage...)
		all = append(all, k)
	}
	return all
}

// Figure 2 is a key with four bytes, which RFC 6030 section 10.1 forbids.
func TestPSKCFigure2(t *testing.T) {
	file := readTestdata(t, "rfc6030/figure2.xml")
	raw := rawPackages(t, file)
	require.Len(t, raw, 1)
	require.Equal(t, "12345678", raw[0].id)
	require.Equal(t, pskcHOTP, raw[0].algorithm)
	require.Equal(t, "Issuer-A", raw[0].get(elIssuer))
	secret, err := decodeXMLBase64(raw[0].at(elSecret).text)
	require.NoError(t, err)
	require.Equal(t, "1234", string(secret))

	_, err = pskcAll(file, ReadOptions{})
	require.ErrorIs(t, err, token.ErrSeedLength)
	require.EqualError(t, err, "pskc: line 10: token 12345678: Secret: bad value: a seed has 16 to 64 bytes, got 4")
}

// Figure 5 has a PIN. Its policy is not supported, and the error names it.
func TestPSKCFigure5(t *testing.T) {
	file := readTestdata(t, "rfc6030/figure5.xml")
	raw := rawPackages(t, file)
	require.Len(t, raw, 2)
	k := raw[0]
	require.Equal(t, "Manufacturer", k.get(elManufacturer))
	require.Equal(t, "987654321", k.get(elSerialNo))
	require.Equal(t, "CM_ID_001", k.get(elModuleID))
	require.Equal(t, "12345678", k.id)
	require.Equal(t, "Issuer", k.get(elIssuer))
	require.Equal(t, pskcResponse{17, "8", "DECIMAL", ""}, k.response)
	require.Equal(t, []string{"OTP"}, k.usage)
	secret, err := decodeXMLBase64(k.at(elSecret).text)
	require.NoError(t, err)
	require.Equal(t, rfcSecret, string(secret))
	require.Equal(t, "0", k.at(elCounter).text)
	require.Equal(t, nsPSKC+":pin", raw[1].algorithm)
	require.Equal(t, "123456781", raw[1].id)

	got, err := pskcAll(file, ReadOptions{})
	require.Empty(t, got)
	require.ErrorIs(t, err, ErrUnsupported)
	require.EqualError(t, err, "pskc: line 31: token 987654321: PINPolicy: not supported: PINPolicy")

	// Without the policy the key is an ordinary one. The next one is a PIN.
	lines := strings.Split(file, "\n")
	without := strings.Join(append(lines[:28:28], lines[31:]...), "\n")
	got, err = pskcAll(without, ReadOptions{})
	requireRefused(t, err, ErrUnsupported, "keyprov:pskc:pin", "")
	require.Len(t, got, 1)
	equalRecords(t, figureRecord(t), got[0])
}

// figureRecord returns the key of figures 5 and 6.
func figureRecord(t *testing.T) Record {
	return Record{
		Serial: testSerial(t, "987654321"), Type: HOTP, Seed: testSeed(t, rfcSecret), Digits: 8,
		Manufacturer: "Manufacturer", KeyID: "12345678", Issuer: "Issuer",
	}
}

func TestPSKCFigure6(t *testing.T) {
	file := readTestdata(t, "rfc6030/figure6.xml")
	key := fromHex(t, "12345678901234567890123456789012")
	got, err := pskcAll(file, ReadOptions{Keys: Keys{Key: key}})
	require.NoError(t, err)
	require.Len(t, got, 1)
	equalRecords(t, figureRecord(t), got[0])

	_, err = pskcAll(file, ReadOptions{})
	requireRefused(t, err, ErrNoKey, "line 35", "")
	require.ErrorContains(t, err, "Pre-shared-key")
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Key: fromHex(t, "12345678901234567890123456789013")}})
	require.ErrorIs(t, err, ErrMAC)
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Key: key[:8]}})
	require.ErrorIs(t, err, ErrNoKey)
}

func TestPSKCFigure7(t *testing.T) {
	file := readTestdata(t, "rfc6030/figure7.xml")
	var warned []string
	o := ReadOptions{Keys: Keys{Password: []byte("qwerty")}, Warn: func(s string) { warned = append(warned, s) }}
	r, err := pskcFormat.NewReader(strings.NewReader(file), o)
	require.NoError(t, err)
	got, err := r.Read()
	require.NoError(t, err)
	require.Equal(t, "651e63cd57008476af1ff6422cd02e41", hex.EncodeToString(r.(*pskcReader).crypt.key))
	equalRecords(t, Record{
		Serial: testSerial(t, "987654321"), Type: HOTP, Seed: testSeed(t, rfcSecret), Digits: 8,
		Manufacturer: "TokenVendorAcme", KeyID: "123456", Issuer: "Example-Issuer",
	}, got)
	require.Equal(t, []string{
		"line 44: CryptoModuleInfo/Id is skipped",
		"only 1000 iterations of PBKDF2 protect the password; at least 100000 are recommended",
	}, warned)

	_, err = pskcAll(file, ReadOptions{Keys: Keys{Password: []byte("qwertz")}})
	require.ErrorIs(t, err, ErrMAC)
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Key: []byte("0123456789abcdef")}})
	require.ErrorIs(t, err, ErrNoKey)
}

func TestPSKCFigure8(t *testing.T) {
	file := readTestdata(t, "rfc6030/figure8.xml")
	_, err := pskcAll(file, ReadOptions{})
	requireRefused(t, err, ErrNoKey, "line 36: token 987654321: Secret", "")
	raw := rawPackages(t, file)
	require.Len(t, raw, 1)
	require.Equal(t, "MBK000000001", raw[0].id)
	require.Equal(t, nsXENC+"rsa_1_5", raw[0].at(elSecret).alg)

	other, _ := testKeyPair(t)
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Private: other}})
	require.ErrorIs(t, err, ErrMAC)
}

func TestPSKCFigure10(t *testing.T) {
	got, err := pskcAll(readTestdata(t, "rfc6030/figure10.xml"), ReadOptions{})
	require.NoError(t, err)
	require.Len(t, got, 4)
	for i, want := range []struct{ serial, id, start, expiry string }{
		{"654321", "1", "2006-05-01", "2006-05-31"},
		{"123456", "2", "2006-05-01", "2006-05-31"},
		{"9999999", "3", "2006-03-01", "2006-03-31"},
		{"9999999", "4", "2006-04-01", "2006-04-30"},
	} {
		day := func(s string) time.Time {
			d, err := time.Parse(time.DateOnly, s)
			require.NoError(t, err)
			return d
		}
		equalRecords(t, Record{
			Serial: testSerial(t, want.serial), Type: HOTP, Seed: testSeed(t, rfcSecret), Digits: 8,
			Policy:       Validity{day(want.start), day(want.expiry)},
			Manufacturer: "TokenVendorAcme", KeyID: want.id, Issuer: "Issuer",
		}, got[i])
	}
}

// A real c200: 60 s, 6 digits, sold for use over ten years.
func TestPSKCFeitian(t *testing.T) {
	file := readTestdata(t, "pskc/feitian-c200.xml")
	got, err := pskcAll(file, ReadOptions{})
	require.NoError(t, err)
	require.Len(t, got, 2)
	want := Record{
		Serial: testSerial(t, "2600215704919"), Type: TOTP, Seed: testSeed(t, rfcSecret), Digits: 6, Step: 60,
		Policy:       Validity{time.Date(2012, 9, 19, 0, 0, 0, 0, time.UTC), time.Date(2022, 9, 1, 0, 0, 0, 0, time.UTC)},
		Manufacturer: "FeiTian Technology Co.,Ltd", KeyID: "2600215704919",
	}
	equalRecords(t, want, got[0])
	require.Equal(t, HOTP, got[1].Type)

	r, format, err := NewReader(strings.NewReader(file), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, "pskc", format.Name)
	_, err = r.Read()
	require.NoError(t, err)
	require.Equal(t, 3, r.Line())
	_, err = r.Read()
	require.NoError(t, err)
	require.Equal(t, 29, r.Line())
}
