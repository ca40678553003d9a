// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// TestPSKCToolVerifies checks that pskctool, which uses libxmlsec, verifies our
// signature.
func TestPSKCToolVerifies(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	private, certificate := testKeyPair(t)
	file := pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, pskcRecord(t))
	cert := tempFile(t, "cert.pem", string(certificate))
	require.Equal(t, "OK\n", run(t, "", tool, "--verify", "--verify-crt", cert, tempFile(t, "keys.xml", file)))
}

// TestPSKCToolSigns checks that our reader verifies a signature by pskctool.
func TestPSKCToolSigns(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	private, certificate := testKeyPair(t)
	want := pskcRecord(t)
	want.FriendlyName = "x"
	want.Drift = 3                                              // pskctool would rewrite -3 as 4294967293, which is not an xs:int and is refused
	want.Policy.Start = want.Policy.Start.Truncate(time.Second) // pskctool drops fractions
	path := tempFile(t, "keys.xml", pskcWrite(t, WriteOptions{}, want))
	file := run(t, "", tool, "--sign", "--sign-key", tempFile(t, "key.pem", string(private)),
		"--sign-crt", tempFile(t, "cert.pem", string(certificate)), path)
	var warned []string
	got, err := pskcAll(file, ReadOptions{
		Keys: Keys{Trusted: certificate},
		Warn: func(s string) { warned = append(warned, s) },
	})
	require.NoError(t, err)
	require.Len(t, got, 1)
	equalRecords(t, want, got[0])
	t.Log(warned)

	_, err = pskcAll(strings.Replace(file, "c200", "c201", 1), ReadOptions{Keys: Keys{Trusted: certificate}})
	require.ErrorIs(t, err, ErrSignature)
}

// TestPSKCSignature checks that with Trusted no record is read from a file that differs
// from the signed one.
func TestPSKCSignature(t *testing.T) {
	private, certificate := testKeyPair(t)
	r := pskcRecord(t)
	second := r
	second.KeyID = "key-2"
	file := pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, r, second)
	trusted := ReadOptions{Keys: Keys{Trusted: certificate}}

	reader, err := pskcFormat.NewReader(strings.NewReader("<?xml version='1.0'?>\n<!-- x -->\n"+file[strings.Index(file, "<KeyContainer"):]), trusted)
	require.NoError(t, err)
	_, err = reader.Read()
	require.NoError(t, err)
	require.Equal(t, 4, reader.Line(), "counted in the file")

	foreign, err := pskcAll(readTestdata(t, "rfc6030/figure10.xml"), ReadOptions{})
	require.NoError(t, err)
	inner := file[strings.Index(file, "  <KeyPackage"):strings.Index(file, "<ds:Signature")]
	signature := file[strings.Index(file, "<ds:Signature"):strings.Index(file, "</KeyContainer")]
	evil := strings.Replace(strings.Replace(inner, "key-1", "evil", 1), "<Issuer>", "<Issuer>x", 1)
	head := file[:strings.Index(file, "  <KeyPackage")]

	for name, bad := range map[string]string{
		"not signed":   pskcWrite(t, WriteOptions{}, foreign...),
		"changed":      strings.Replace(file, "key-2", "key-3", 1),
		"added":        strings.Replace(file, "<ds:Signature", evil+"<ds:Signature", 1),
		"taken out":    strings.Replace(file, inner[strings.LastIndex(inner, "  <KeyPackage"):], "", 1),
		"two":          strings.Replace(file, "</KeyContainer", signature+"</KeyContainer", 1),
		"truncated":    file[:len(file)-30],
		"wrapped root": head + evil + "<Extensions><x:o xmlns:x='x'>" + file[strings.Index(file, "<KeyContainer"):] + "</x:o></Extensions>" + signature + "</KeyContainer>",
		"in extension": head + evil + "<Extensions><x:o xmlns:x='x'>" + inner + signature + "</x:o></Extensions></KeyContainer>",
		"doctype":      "<!DOCTYPE x>" + file[strings.Index(file, "<KeyContainer"):],
		"deep":         strings.Replace(file, "<ds:Signature", strings.Repeat("<Extensions>", 1e5)+"<ds:Signature", 1),
		"empty":        "",
	} {
		got, err := pskcAll(bad, trusted)
		require.Error(t, err, name)
		require.Empty(t, got, name)
		var e *Error
		require.ErrorAs(t, err, &e, name)
		switch name {
		case "doctype":
			require.ErrorIs(t, err, ErrUnsupported)
		case "deep":
			require.ErrorIs(t, err, ErrLimit)
		case "truncated", "empty":
			require.ErrorIs(t, err, ErrSyntax)
		case "two":
			require.ErrorContains(t, err, "2 signatures")
			fallthrough
		default:
			require.ErrorIs(t, err, ErrSignature, name)
		}
	}
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Trusted: otherCertificate(t)}})
	require.ErrorIs(t, err, ErrSignature)
	_, err = pskcAll(file, ReadOptions{Keys: Keys{Trusted: []byte("x")}})
	require.ErrorIs(t, err, ErrValue)

	var warned []string
	got, err := pskcAll(file, ReadOptions{Warn: func(s string) { warned = append(warned, s) }})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, []string{"the file is signed, but its signature was not checked"}, warned)
}

// TestPSKCSignedLimit checks that a file too large to hold in memory is refused, with
// advice.
func TestPSKCSignedLimit(t *testing.T) {
	_, certificate := testKeyPair(t)
	key := benchFile(t, 1)
	from, to := strings.Index(key, "  <KeyPackage"), strings.Index(key, "</KeyContainer")
	endless := &keyStream{head: key[:from], key: key[from:to], tail: key[to:], n: pskcMaxSigned/(to-from) + 1}
	_, err := pskcFormat.NewReader(endless, ReadOptions{Keys: Keys{Trusted: certificate}})
	requireRefused(t, err, ErrLimit, "split it", "")
}

// manyRecords returns n records with different key ids.
func manyRecords(t testing.TB, n int) []Record {
	all := make([]Record, n)
	for i := range all {
		all[i] = pskcRecord(t)
		all[i].KeyID = fmt.Sprintf("key-%d", i)
	}
	return all
}

// TestPSKCSignedMany checks that the library's limit of 1000 elements does not apply to
// the signed data, wherever the signature is. For the signature itself it is ErrLimit.
func TestPSKCSignedMany(t *testing.T) {
	private, certificate := testKeyPair(t)
	trusted := ReadOptions{Keys: Keys{Trusted: certificate}}
	file := pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, manyRecords(t, 300)...)
	got, err := pskcAll(file, trusted)
	require.NoError(t, err)
	require.Len(t, got, 300)

	from, to := strings.Index(file, "<ds:Signature"), strings.Index(file, "</KeyContainer")
	front := strings.Index(file, "\n  <KeyPackage")
	got, err = pskcAll(file[:front]+file[from:to]+file[front:from]+file[to:], trusted)
	require.NoError(t, err)
	require.Len(t, got, 300)

	_, err = pskcAll(strings.Replace(file, "key-299", "key-301", 1), trusted)
	require.ErrorIs(t, err, ErrSignature)

	_, err = pskcAll(strings.Replace(file, "</ds:Signature>", strings.Repeat("<ds:Object/>", 1000)+"</ds:Signature>", 1), trusted)
	require.ErrorIs(t, err, ErrLimit)
	require.NotErrorIs(t, err, ErrSignature)
}

// TestPSKCSignedSHA1 writes the name of the algorithm in a form that a search of the
// bytes would miss.
func TestPSKCSignedSHA1(t *testing.T) {
	private, certificate := testKeyPair(t)
	signer, err := newPSKCSigner(&Signer{private, certificate})
	require.NoError(t, err)
	signer.context.Hash = crypto.SHA1
	for _, c := range []struct {
		hash       crypto.Hash
		with, weak string
	}{
		{crypto.SHA1, "sha1", "the signature uses SHA-1: an attacker who can choose the signed data can forge it"},
		{crypto.SHA1, "&#115;ha&#x31;", "the signature uses SHA-1: an attacker who can choose the signed data can forge it"},
		{crypto.SHA256, "sha1", ""},
	} {
		signer.context.Hash = c.hash
		file, err := signer.sign([]byte(strings.Replace(pskcBase, "<SerialNo>", "<Model>http://www.w3.org/2000/09/xmldsig#rsa-sha1</Model><SerialNo>", 1)))
		require.NoError(t, err)
		from := bytes.Index(file, []byte("<ds:Signature"))
		text := string(file[:from]) + strings.ReplaceAll(string(file[from:]), "sha1", c.with)
		var warned []string
		_, err = pskcAll(text, ReadOptions{Keys: Keys{Trusted: certificate}, Warn: func(s string) { warned = append(warned, s) }})
		require.NoError(t, err)
		require.Equal(t, c.weak, strings.Join(warned, "\n"))
	}
}

func tempFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// run returns the standard output of a program. If the program fails, the test prints
// both outputs.
func run(t *testing.T, stdin, tool string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %s: %s%s", tool, args, out, stderr.String())
	return string(out)
}

// TestPSKCTool checks that our files are valid according to the schema of RFC 6030, and
// that pskctool of the OATH Toolkit shows the values.
func TestPSKCTool(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	full := pskcRecord(t)
	full.FriendlyName = "a friendly name"
	full.Drift = 3 // pskctool 2.6.7 shows -3 as 4294967293
	hotp := Record{Type: HOTP, Seed: testSeed(t, rfcSecret), Digits: 6, Counter: 7, KeyID: "k"}
	for _, kind := range pskcKinds(t) {
		t.Run(kind.name, func(t *testing.T) {
			path := tempFile(t, "keys.xml", pskcWrite(t, kind.write, full, hotp))
			require.Equal(t, "OK\n", run(t, "", tool, "--validate", path))
			out := run(t, "", tool, "--info", path)
			for _, line := range []string{
				"Manufacturer: oath.ZZ", "SerialNo: 2600124800001", "IssueNo: 1", `Model: c200 "<&>`,
				"Device StartDate: 2025-01-02 03:04:05", "Device ExpiryDate: 2031-12-31 14:59:59",
				"Policy StartDate: 2025-02-03 00:00:00", "Policy ExpiryDate: 2030-06-30 14:59:59",
				"Issuer: 東京銀行", "Id: key-1", "Algorithm: " + pskcTOTP,
				"Algorithm Parameters Suite: HMAC-SHA256", "Key User Id: CN=a, O=b",
				"FriendlyName: a friendly name",
				"Key Time: 946684800", "Key TimeInterval: 60", "Key TimeDrift: 3",
				"Response Format Encoding: DECIMAL", "Response Format Length: 8",
				"Algorithm: " + pskcHOTP, "Key Counter: 7",
			} {
				require.Regexp(t, `(?m)^\s*`+regexp.QuoteMeta(line), out)
			}
			if kind.write.Encrypt == nil {
				require.Contains(t, out, "Key Secret (base64): "+base64.StdEncoding.EncodeToString([]byte(rfcSecret)))
			}
		})
	}
}

// xmlNode reads our files with the reflection of encoding/xml, without our own reader.
type xmlNode struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []xmlNode  `xml:",any"`
}

// all returns the texts of all elements with that local name.
func (n *xmlNode) all(name string) []string {
	var out []string
	if n.XMLName.Local == name {
		out = append(out, strings.TrimSpace(n.Text))
	}
	for i := range n.Children {
		out = append(out, n.Children[i].all(name)...)
	}
	return out
}

func parseNodes(t *testing.T, file string) *xmlNode {
	t.Helper()
	var n xmlNode
	require.NoError(t, xml.Unmarshal([]byte(file), &n))
	return &n
}

func fromBase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// opensslCBC decrypts an IV followed by ciphertext.
func opensslCBC(t *testing.T, tool, key string, sealed []byte) string {
	t.Helper()
	return run(t, string(sealed[16:]), tool, "enc", "-d", "-aes-"+strconv.Itoa(len(key)*4)+"-cbc",
		"-K", key, "-iv", hex.EncodeToString(sealed[:16]))
}

// TestPSKCOpenSSLReads checks that OpenSSL derives the key, verifies the MAC and
// decrypts our files.
func TestPSKCOpenSSLReads(t *testing.T) {
	tool := tooltest.Find(t, "openssl")
	r := pskcRecord(t)
	for _, mac := range []string{"hmac-sha1", "hmac-sha256"} {
		for _, n := range []int{16, 24, 32} {
			key := strings.Repeat("k", n)
			n := parseNodes(t, pskcWrite(t, WriteOptions{Encrypt: &Encryption{Key: []byte(key), MAC: mac}}, r))
			opensslOpens(t, tool, hex.EncodeToString([]byte(key)), strings.TrimPrefix(mac, "hmac-"), n)
		}
	}

	file := pskcWrite(t, WriteOptions{Encrypt: &Encryption{Password: []byte("qwerty"), Iterations: MinIterations}}, r)
	n := parseNodes(t, file)
	require.Equal(t, []string{"100000"}, n.all("IterationCount"))
	require.Equal(t, []string{"16"}, n.all("KeyLength"))
	key := run(t, "", tool, "kdf", "-keylen", "16", "-kdfopt", "digest:SHA1", "-kdfopt", "pass:qwerty",
		"-kdfopt", "hexsalt:"+hex.EncodeToString(fromBase64(t, n.all("Specified")[0])),
		"-kdfopt", "iter:100000", "PBKDF2")
	opensslOpens(t, tool, strings.ToLower(strings.ReplaceAll(strings.TrimSpace(key), ":", "")), "sha1", n)

	for _, size := range []int{16, 24, 32} {
		key := strings.Repeat("k", size)
		for _, secret := range []string{rfcSecret, rfcSecret + "1234"} { // with padding, and without
			r.Seed = testSeed(t, secret)
			n := parseNodes(t, pskcWrite(t, WriteOptions{Encrypt: &Encryption{Key: []byte(key), Wrap: true}}, r))
			cipher, iv := "-aes"+strconv.Itoa(size*8)+"-wrap", "A6A6A6A6A6A6A6A6"
			if len(secret)%8 != 0 {
				cipher, iv = "-id-aes"+strconv.Itoa(size*8)+"-wrap-pad", "A65959A6"
			}
			got := run(t, string(fromBase64(t, n.all("CipherValue")[0])), tool, "enc", "-d", cipher,
				"-K", hex.EncodeToString([]byte(key)), "-iv", iv)
			require.Equal(t, secret, got)
		}
	}
	r = pskcRecord(t)

	private, certificate := testKeyPair(t)
	n = parseNodes(t, pskcWrite(t, WriteOptions{Encrypt: &Encryption{Recipient: certificate}}, r))
	got := run(t, string(fromBase64(t, n.all("CipherValue")[0])), tool, "pkeyutl", "-decrypt",
		"-inkey", tempFile(t, "key.pem", string(private)), "-pkeyopt", "rsa_padding_mode:oaep")
	require.Equal(t, rfcSecret, got)
}

func opensslOpens(t *testing.T, tool, key, digest string, n *xmlNode) {
	t.Helper()
	values := n.all("CipherValue")
	require.Len(t, values, 2)
	macKey := opensslCBC(t, tool, key, fromBase64(t, values[0]))
	sealed := fromBase64(t, values[1])
	mac := run(t, string(sealed), tool, "dgst", "-"+digest, "-binary", "-mac", "HMAC",
		"-macopt", "hexkey:"+hex.EncodeToString([]byte(macKey)))
	require.Equal(t, n.all("ValueMAC"), []string{base64.StdEncoding.EncodeToString([]byte(mac))})
	require.Equal(t, rfcSecret, opensslCBC(t, tool, key, sealed))
}

// TestPSKCOpenSSLWrites reads a file like figure 8 that OpenSSL encrypted.
func TestPSKCOpenSSLWrites(t *testing.T) {
	tool := tooltest.Find(t, "openssl")
	private, certificate := testKeyPair(t)
	cert := tempFile(t, "cert.pem", string(certificate))
	figure := readTestdata(t, "rfc6030/figure8.xml")
	old := parseNodes(t, figure).all("CipherValue")[0]
	const digest256 = `<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>`
	for _, v := range []struct {
		uri, inner string
		options    []string
	}{
		{nsXENC + "rsa_1_5", "", []string{"rsa_padding_mode:pkcs1"}},
		{nsXENC + "rsa-oaep-mgf1p", "", []string{"rsa_padding_mode:oaep"}},
		{nsXENC + "rsa-oaep-mgf1p", digest256, []string{"rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"}},
		{
			nsXENC11 + "rsa-oaep",
			digest256 + `<x:MGF xmlns:x="` + nsXENC11 + `" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha512"/>`,
			[]string{"rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha512"},
		},
	} {
		args := []string{"pkeyutl", "-encrypt", "-certin", "-inkey", cert}
		for _, o := range v.options {
			args = append(args, "-pkeyopt", o)
		}
		sealed := base64.StdEncoding.EncodeToString([]byte(run(t, rfcSecret, tool, args...)))
		file := strings.Replace(figure, old, sealed, 1)
		file = strings.Replace(file, `"`+nsXENC+`rsa_1_5"/>`, `"`+v.uri+`">`+v.inner+`</xenc:EncryptionMethod>`, 1)
		got, err := pskcAll(file, ReadOptions{Keys: Keys{Private: private}})
		require.NoError(t, err, v.options)
		require.Len(t, got, 1)
		require.True(t, testSeed(t, rfcSecret).Equal(got[0].Seed))
		require.Equal(t, "MBK000000001", got[0].KeyID)

		_, err = pskcAll(strings.Replace(file, sealed[:8], "AAAAAAAA", 1), ReadOptions{Keys: Keys{Private: private}})
		require.ErrorIs(t, err, ErrMAC)
	}
}
