// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/internal/tooltest"
)

// TestPSKCEncryptedRefuses checks that every protection of a value is required, and
// that any change is ErrMAC with the same text.
func TestPSKCEncryptedRefuses(t *testing.T) {
	const (
		sealed = "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"
		macKey = "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX"
		mac    = "Su+NvtQfmvfJzF6bmQiJqoLRExc="
		cbc    = "xmlenc#aes128-cbc"
	)
	figure6, figure7 := readTestdata(t, "rfc6030/figure6.xml"), readTestdata(t, "rfc6030/figure7.xml")
	keys := Keys{Key: fromHex(t, "12345678901234567890123456789012"), Password: []byte("qwerty")}
	six := func(old, with string) string {
		require.Contains(t, figure6, old)
		return strings.ReplaceAll(figure6, old, with)
	}
	seven := func(old, with string) string {
		require.Contains(t, figure7, old)
		return strings.ReplaceAll(figure7, old, with)
	}
	cut := func(from, to string) string {
		i, j := strings.Index(figure6, from), strings.Index(figure6, to)
		require.True(t, 0 < i && i < j)
		return figure6[:i] + figure6[j+len(to):]
	}
	flip := func(s string, at int) string {
		b := fromBase64(t, s)
		b[at] ^= 1
		return base64.StdEncoding.EncodeToString(b)
	}
	for name, file := range map[string]string{
		"IV":            six(sealed, flip(sealed, 0)),
		"cipher text":   six(sealed, flip(sealed, 20)),
		"padding":       six(sealed, flip(sealed, 31)),
		"last block":    six(sealed, flip(sealed, 47)),
		"short":         six(sealed, base64.StdEncoding.EncodeToString(make([]byte, 16))),
		"odd":           six(sealed, base64.StdEncoding.EncodeToString(make([]byte, 33))),
		"MAC":           six(mac, flip(mac, 19)),
		"MAC, short":    six(mac, "Su+NvtQfmvfJzF6bmQiJqg=="),
		"MACKey":        six(macKey, flip(macKey, 0)),
		"MACKey's end":  six(macKey, flip(macKey, 31)),
		"MACKey, short": six(macKey, "AAAA"),
		"MACKey's text": cut("<MACKey>", "</MACKey>"), // the encryption key is then the MAC key, which differs
		"salt":          seven("Ej7/PEpyEpw=", "Ej7/PEpyEp0="),
		"rounds":        seven(">1000<", ">1001<"),
	} {
		got, err := pskcAll(file, ReadOptions{Keys: keys})
		require.ErrorIs(t, err, ErrMAC, name)
		require.Empty(t, got, name)
		require.True(t, strings.HasSuffix(err.Error(), ": Secret: "+ErrMAC.Error()), "%s: %v", name, err)
	}
	for _, c := range []struct {
		name, file string
		err        error
		says       string
	}{
		{"no ValueMAC", cut("<ValueMAC>", "</ValueMAC>"), ErrNoMAC, "line 35"},
		{"no MACMethod", cut("<MACMethod", "</MACMethod>"), ErrNoMAC, "line "},
		{"MACKeyReference", six("<MACKey>", "<MACKeyReference>x</MACKeyReference><MACKey>"), ErrUnsupported, "MACKeyReference"},
		{"MAC algorithm", six("#hmac-sha1", "#hmac-md5"), ErrUnsupported, "hmac-md5"},
		{"algorithm", six(cbc, "xmlenc#tripledes-cbc"), ErrUnsupported, "tripledes-cbc"},
		{"RSA with a shared key", six(cbc, "xmlenc#rsa_1_5"), ErrUnsupported, "rsa_1_5"},
		{"no algorithm", six(`Algorithm="http://www.w3.org/2001/04/`+cbc+`"`, ""), ErrUnsupported, "EncryptionMethod"},
		{"no EncryptionKey", cut("<EncryptionKey>", "</EncryptionKey>"), ErrSyntax, "EncryptionKey"},
		{"two EncryptionKeys", six("<ds:KeyName>", "<ds:X509Data/><ds:KeyName>"), ErrUnsupported, "more than one kind"},
		{"EncryptedKey", six("<ds:KeyName>", "<xenc:EncryptedKey/><ds:KeyName>"), ErrUnsupported, "EncryptedKey"},
		{"CipherReference", six("<xenc:CipherValue>", "<xenc:CipherReference/><xenc:CipherValue>"), ErrUnsupported, "CipherReference"},
		{"other key", six("<xenc:CipherData>", "<ds:KeyInfo/><xenc:CipherData>"), ErrUnsupported, "KeyInfo"},
		{"both", six("<EncryptedValue>", "<PlainValue>MTIz</PlainValue><EncryptedValue>"), ErrSyntax, "both"},

		{"rounds", seven(">1000<", ">10000001<"), ErrLimit, "10000000"},
		{"most rounds", seven(">1000<", ">9223372036854775807<"), ErrLimit, "IterationCount"},
		{"more rounds", seven(">1000<", ">99999999999999999999<"), ErrValue, "IterationCount"},
		{"no rounds", seven(">1000<", ">0<"), ErrValue, "IterationCount"},
		{"no salt", seven("Ej7/PEpyEpw=", ""), ErrValue, "Salt"},
		{"other salt", seven("<Specified>Ej7/PEpyEpw=</Specified>", "<OtherSource/>"), ErrUnsupported, "OtherSource"},
		{"KeyLength", seven(">16<", ">32<"), ErrUnsupported, "KeyLength"},
		{"PRF", seven("<PRF/>", `<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-md5"/>`), ErrUnsupported, "hmac-md5"},
		{"derivation", seven("pkcs-5v2-0#pbkdf2", "pkcs-5v2-0#scrypt"), ErrUnsupported, "scrypt"},
	} {
		got, err := pskcAll(c.file, ReadOptions{Keys: keys})
		requireRefused(t, err, c.err, c.says, c.name)
		require.Empty(t, got, c.name)
	}
}

// TestPSKCTooManyIterations checks that a file cannot make its reader compute for hours.
func TestPSKCTooManyIterations(t *testing.T) {
	file := strings.Replace(readTestdata(t, "rfc6030/figure7.xml"), ">1000<", ">2000000000<", 1)
	start := time.Now()
	_, err := pskcAll(file, ReadOptions{Keys: Keys{Password: []byte("qwerty")}})
	require.ErrorIs(t, err, ErrLimit)
	require.Less(t, time.Since(start), time.Minute)
}

// TestPSKCMACWithEncryptionKey reads a file without MACKey, in which the encryption key is also
// the MAC key, and with an encrypted counter. OpenSSL computed both values.
func TestPSKCMACWithEncryptionKey(t *testing.T) {
	tool := tooltest.Find(t, "openssl")
	const key, iv = "12345678901234567890123456789012", "000102030405060708090a0b0c0d0e0f"
	seal := func(plain string) (value, mac string) {
		sealed := string(fromHex(t, iv)) + run(t, plain, tool, "enc", "-e", "-aes-128-cbc", "-K", key, "-iv", iv)
		sum := run(t, sealed, tool, "dgst", "-sha256", "-binary", "-mac", "HMAC", "-macopt", "hexkey:"+key)
		return base64.StdEncoding.EncodeToString([]byte(sealed)), base64.StdEncoding.EncodeToString([]byte(sum))
	}
	value := func(plain string) string {
		v, mac := seal(plain)
		return `<EncryptedValue><xenc:EncryptionMethod Algorithm="` + nsXENC + `aes128-cbc"/><xenc:CipherData><xenc:CipherValue>` +
			v + `</xenc:CipherValue></xenc:CipherData></EncryptedValue><ValueMAC>` + mac + `</ValueMAC>`
	}
	file := func(counter string) string {
		return `<KeyContainer Version="1.0" xmlns="` + nsPSKC + `" xmlns:ds="` + nsDS + `" xmlns:xenc="` + nsXENC + `">
<EncryptionKey><ds:KeyName>k</ds:KeyName></EncryptionKey><MACMethod Algorithm="` + pskcHMACSHA256 + `"/>
<KeyPackage><Key Id="1" Algorithm="` + pskcHOTP + `"><Data><Secret>` + value(rfcSecret) + `</Secret>
<Counter>` + value(counter) + `</Counter></Data></Key></KeyPackage></KeyContainer>`
	}
	keys := ReadOptions{Keys: Keys{Key: fromHex(t, key)}}
	for counter, want := range map[string]uint64{
		"\x00\x00\x00\x07":                 7,
		"\x00\x00\x01\x00\x00\x00\x00\x00": 1 << 40,
	} {
		got, err := pskcAll(file(counter), keys)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.True(t, testSeed(t, rfcSecret).Equal(got[0].Seed))
		require.Equal(t, want, got[0].Counter)
	}
	_, err := pskcAll(file("7"), keys)
	requireRefused(t, err, ErrUnsupported, "an encrypted number of one byte", "")
	_, err = pskcAll(file("\xff\xff\xff\xff\xff\xff\xff\xff"), keys)
	require.ErrorIs(t, err, ErrValue)
}

// TestPSKCPRF covers HMAC-SHA-256, with the children of PBKDF2-params in each of the
// namespaces that occur in files. OpenSSL derived the key.
func TestPSKCPRF(t *testing.T) {
	tool := tooltest.Find(t, "openssl")
	out := run(t, "", tool, "kdf", "-keylen", "16", "-kdfopt", "digest:SHA256", "-kdfopt", "pass:qwerty",
		"-kdfopt", "hexsalt:123eff3c4a72129c", "-kdfopt", "iter:1000", "PBKDF2")
	key := fromHex(t, strings.ToLower(strings.ReplaceAll(strings.TrimSpace(out), ":", "")))
	file := readTestdata(t, "rfc6030/figure7.xml")
	for _, prf := range []string{
		"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
		"http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#hmacWithSHA256",
	} {
		for _, ns := range []string{"", nsPSKC, nsPKCS5, nsXENC11} {
			changed := strings.Replace(file, "<PRF/>", `<PRF Algorithm="`+prf+`"/>`, 1)
			changed = strings.Replace(changed, "<pkcs5:PBKDF2-params>", `<pkcs5:PBKDF2-params xmlns="`+ns+`">`, 1)
			r, err := pskcFormat.NewReader(strings.NewReader(changed), ReadOptions{Keys: Keys{Password: []byte("qwerty")}})
			require.NoError(t, err)
			_, err = r.Read()
			require.ErrorIs(t, err, ErrMAC, "the MAC key is under another key")
			require.Equal(t, hex.EncodeToString(key), hex.EncodeToString(r.(*pskcReader).crypt.key))
		}
	}
}

// TestPSKCDowngrade checks that an unencrypted secret is refused when a key is supposed
// to authenticate the secrets.
func TestPSKCDowngrade(t *testing.T) {
	keys := Keys{Key: fromHex(t, "12345678901234567890123456789012"), Password: []byte("qwerty")}
	figure6 := readTestdata(t, "rfc6030/figure6.xml")
	from, to := strings.Index(figure6, "<EncryptedValue>"), strings.Index(figure6, "</ValueMAC>")+len("</ValueMAC>")
	const plain = "<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>"
	clear := figure6[:from] + plain + figure6[to:]
	private, _ := testKeyPair(t)
	for _, c := range []struct {
		name, file string
		keys       Keys
		err        error
		says       string
	}{
		{"in an encrypted file", clear, keys, ErrNoMAC, "EncryptionKey"},
		{"in an encrypted file, no key", clear, Keys{}, ErrNoMAC, "EncryptionKey"},
		{"a key", pskcBase, Keys{Key: keys.Key}, ErrNoMAC, "a key was given"},
		{"a password", pskcBase, Keys{Password: keys.Password}, ErrNoMAC, "a key was given"},
		{"a private key", pskcBase, Keys{Private: private}, ErrNoMAC, "a key was given"},
		{"empty EncryptedValue", pskcWith(t, plain, plain+"<EncryptedValue/>"), Keys{}, ErrSyntax, "both"},
		{"empty EncryptedValue of a number", pskcWith(t, "<PlainValue>60</PlainValue>", "<PlainValue>60</PlainValue><EncryptedValue/>"), Keys{}, ErrSyntax, "both"},
	} {
		got, err := pskcAll(c.file, ReadOptions{Keys: c.keys})
		requireRefused(t, err, c.err, c.says, c.name)
		require.Empty(t, got, c.name)
	}
	got, err := pskcAll(figure6, ReadOptions{Keys: keys})
	require.NoError(t, err, "such files do not encrypt numbers")
	require.Len(t, got, 1)
}

// TestPSKCShortMACKey checks that a MAC key of fewer than 16 bytes is refused like a
// wrong one, even though its MAC is correct.
func TestPSKCShortMACKey(t *testing.T) {
	const (
		sealed = "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"
		macKey = "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX"
		mac    = "Su+NvtQfmvfJzF6bmQiJqoLRExc="
	)
	key := fromHex(t, "12345678901234567890123456789012")
	for size := range 33 {
		short := []byte(strings.Repeat("m", size))
		wrapped, err := sealCBC(key, short)
		require.NoError(t, err)
		h := hmac.New(sha1.New, short)
		h.Write(fromBase64(t, sealed))
		file := strings.NewReplacer(macKey, base64.StdEncoding.EncodeToString(wrapped),
			mac, base64.StdEncoding.EncodeToString(h.Sum(nil))).Replace(readTestdata(t, "rfc6030/figure6.xml"))
		got, err := pskcAll(file, ReadOptions{Keys: Keys{Key: key}})
		if size >= 16 { // shorter than SHA-1's output is accepted with a warning
			require.NoError(t, err, size)
			continue
		}
		require.ErrorIs(t, err, ErrMAC, size)
		require.Empty(t, got, size)
		require.True(t, strings.HasSuffix(err.Error(), ": Secret: "+ErrMAC.Error()), "%d: %v", size, err)
	}
}

// TestPSKCRecipientWarns: encryption to a certificate does not identify the sender,
// unless the file is signed as well.
func TestPSKCRecipientWarns(t *testing.T) {
	private, certificate := testKeyPair(t)
	file := pskcWrite(t, WriteOptions{
		Encrypt: &Encryption{Recipient: certificate}, Sign: &Signer{private, certificate},
	}, pskcRecord(t), pskcRecord(t))
	for _, c := range []struct {
		trusted []byte
		want    []string
	}{
		{nil, []string{
			"not authenticated: anyone with the certificate could have made the file; only a verified signature proves its origin",
			"the file is signed, but its signature was not checked",
		}},
		{certificate, nil},
	} {
		var warned []string
		_, err := pskcAll(file, ReadOptions{
			Keys: Keys{Private: private, Trusted: c.trusted},
			Warn: func(s string) { warned = append(warned, s) },
		})
		require.NoError(t, err)
		require.Equal(t, c.want, warned, fmt.Sprintf("%.20s", c.trusted))
	}
}

// TestKeyWrap uses the vectors of RFC 3394 sections 4.1 to 4.6 and RFC 5649 section 6.
func TestKeyWrap(t *testing.T) {
	const (
		kek128 = "000102030405060708090A0B0C0D0E0F"
		kek192 = kek128 + "1011121314151617"
		kek256 = kek192 + "18191A1B1C1D1E1F"
		kek649 = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"
		data   = "00112233445566778899AABBCCDDEEFF"
	)
	for _, v := range []struct {
		where, kek, plain, wrapped string
		padded                     bool
	}{
		{"RFC 3394 4.1", kek128, data, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", false},
		{"RFC 3394 4.2", kek192, data, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D", false},
		{"RFC 3394 4.3", kek256, data, "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7", false},
		{"RFC 3394 4.4", kek192, data + "0001020304050607", "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2", false},
		{"RFC 3394 4.5", kek256, data + "0001020304050607", "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1", false},
		{"RFC 3394 4.6", kek256, data + "000102030405060708090A0B0C0D0E0F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21", false},
		{"RFC 5649 6, 20 octets", kek649, "c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a", true},
		{"RFC 5649 6, 7 octets", kek649, "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f", true},
	} {
		kek, plain := fromHex(t, v.kek), fromHex(t, v.plain)
		got, padded, err := wrapKey(kek, plain)
		require.NoError(t, err, v.where)
		require.Equal(t, strings.ToLower(v.wrapped), hex.EncodeToString(got), v.where)
		require.Equal(t, v.padded, padded, v.where)
		back, err := unwrapKey(kek, got, v.padded)
		require.NoError(t, err, v.where)
		require.Equal(t, plain, back, v.where)
		_, err = unwrapKey(kek, got, !v.padded)
		require.ErrorIs(t, err, errUnwrap, v.where)
		for i := range got {
			got[i] ^= 1
			_, err = unwrapKey(kek, got, v.padded)
			require.ErrorIs(t, err, errUnwrap, v.where)
			got[i] ^= 1
		}
		_, err = unwrapKey(kek, got[:len(got)-8], v.padded)
		require.ErrorIs(t, err, errUnwrap, v.where)
		_, err = unwrapKey(kek, got[:len(got)-1], v.padded)
		require.ErrorIs(t, err, errUnwrap, v.where)
	}
	// The initial value is checked even if length and padding are correct.
	kek := fromHex(t, kek128)
	block, err := aes.NewCipher(kek)
	require.NoError(t, err)
	one := fromHex(t, "a65959a700000007"+"466f7250617369"+"00")
	block.Encrypt(one, one)
	_, err = unwrapKey(kek, one, true)
	require.ErrorIs(t, err, errUnwrap)

	_, _, err = wrapKey([]byte("short"), []byte("x"))
	require.Error(t, err)
	_, err = unwrapKey([]byte("short"), make([]byte, 24), false)
	require.Error(t, err)
}

func TestKeyWrapAnyLength(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		kek := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "kek")
		plain := rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "plain")
		wrapped, padded, err := wrapKey(kek, plain)
		require.NoError(t, err)
		require.Equal(t, len(plain)%8 != 0 || len(plain) < 16, padded)
		back, err := unwrapKey(kek, wrapped, padded)
		require.NoError(t, err)
		require.Equal(t, plain, back)
	})
}

// TestPSKCWrapAlgorithms checks that each of the two algorithms accepts its own output only.
func TestPSKCWrapAlgorithms(t *testing.T) {
	key := []byte(rfcSecret[:16])
	write := WriteOptions{Encrypt: &Encryption{Key: key, Wrap: true}}
	for secret, swap := range map[string][2]string{
		rfcSecret:            {nsXENC11 + "kw-aes-128-pad", nsXENC + "kw-aes128"},
		rfcSecret[:16] + "x": {nsXENC11 + "kw-aes-128-pad", nsXENC + "kw-aes128"},
		rfcSecret[:16]:       {nsXENC + "kw-aes128", nsXENC11 + "kw-aes-128-pad"},
	} {
		r := pskcRecord(t)
		r.Seed = testSeed(t, secret)
		file := pskcWrite(t, write, r)
		require.Contains(t, file, swap[0])
		_, err := pskcAll(file, ReadOptions{Keys: Keys{Key: key}})
		require.NoError(t, err)
		_, err = pskcAll(strings.Replace(file, swap[0], swap[1], 1), ReadOptions{Keys: Keys{Key: key}})
		require.ErrorIs(t, err, ErrMAC)
	}
}
