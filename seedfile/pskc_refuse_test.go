// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// pskcBase is a minimal TOTP key. The tests insert content, and count the lines.
const pskcBase = `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
<KeyPackage>
<DeviceInfo><SerialNo>123</SerialNo></DeviceInfo>
<Key Id="k" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">
<AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
<Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
<TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data>
<Policy></Policy>
</Key>
</KeyPackage>
</KeyContainer>`

func pskcWith(t testing.TB, old, with string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(pskcBase, old), "%s comes once", old)
	return strings.Replace(pskcBase, old, with, 1)
}

func dataWith(t testing.TB, more string) string { return pskcWith(t, "</Data>", more+"</Data>") }

func policyWith(t testing.TB, more string) string {
	return pskcWith(t, "<Policy></Policy>", "<Policy>"+more+"</Policy>")
}

// TestPSKCRefuses checks that an error about an unsupported element contains its name
// and line, and an error about an invalid one its line.
func TestPSKCRefuses(t *testing.T) {
	const (
		format = `<ResponseFormat Length="6" Encoding="DECIMAL"/>`
		secret = `<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>`
		plain  = `MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=`
		second = `<Key Id="2" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"/>`
	)
	for _, c := range []struct {
		name, file string
		line       int
		err        error
		says       string
	}{
		{"CheckDigits", pskcWith(t, format, `<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigits="true"/>`), 5, ErrUnsupported, "CheckDigits"},
		{"CheckDigit of the text", pskcWith(t, format, `<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigit="1"/>`), 5, ErrUnsupported, "CheckDigits"},
		{"CheckDigits, no boolean", pskcWith(t, format, `<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigits="yes"/>`), 5, ErrValue, "CheckDigits"},
		{"Encoding", pskcWith(t, format, `<ResponseFormat Length="6" Encoding="HEXADECIMAL"/>`), 5, ErrUnsupported, "HEXADECIMAL"},
		{"5 digits", pskcWith(t, format, `<ResponseFormat Length="5" Encoding="DECIMAL"/>`), 5, ErrValue, "Length"},
		{"10 digits", pskcWith(t, format, `<ResponseFormat Length="10" Encoding="DECIMAL"/>`), 5, ErrValue, "Length"},
		{"262 digits", pskcWith(t, format, `<ResponseFormat Length="262" Encoding="DECIMAL"/>`), 5, ErrValue, "Length"},
		{"no digits", pskcWith(t, format, `<ResponseFormat Length="x" Encoding="DECIMAL"/>`), 5, ErrValue, "Length"},
		{"ChallengeFormat", pskcWith(t, format, `<ChallengeFormat Encoding="DECIMAL" Min="4" Max="8"/>`+format), 5, ErrUnsupported, "ChallengeFormat"},
		{"Suite", pskcWith(t, format, "<Suite>OCRA-1:HOTP-SHA1-6:QN08</Suite>"+format), 5, ErrUnsupported, "OCRA-1"},

		{"PINPolicy", policyWith(t, `<PINPolicy PINUsageMode="Local"/>`), 8, ErrUnsupported, "PINPolicy"},
		{"NumberOfTransactions", policyWith(t, `<NumberOfTransactions>9</NumberOfTransactions>`), 8, ErrUnsupported, "NumberOfTransactions"},
		{"KeyUsage", policyWith(t, `<KeyUsage>CR</KeyUsage><KeyUsage>Encrypt</KeyUsage>`), 8, ErrUnsupported, "KeyUsage without OTP"},
		{"KeyUsage unknown", policyWith(t, `<KeyUsage>OTP</KeyUsage><KeyUsage>Toast</KeyUsage>`), 8, ErrUnsupported, "KeyUsage …"},
		{"many KeyUsages", policyWith(t, strings.Repeat(`<KeyUsage>OTP</KeyUsage>`, 33)), 8, ErrLimit, "KeyUsage"},
		{"policy unknown", policyWith(t, `<Moon/>`), 8, ErrUnsupported, "forbids the use of the key"},
		{"policy attribute", pskcWith(t, "<Policy>", `<Policy Uses="1">`), 8, ErrUnsupported, "Policy/Uses"},
		{"policy attribute of others", pskcWith(t, "<Policy>", `<Policy xmlns:x="y" x:Uses="1">`), 8, ErrUnsupported, "Policy/Uses"},
		{"attribute twice", pskcWith(t, `Length="6"`, `Length="6" Length="8"`), 5, ErrSyntax, "duplicate attribute"},
		{"attribute twice, many", pskcWith(t, `Length="6"`, `Length="6" a="" b="" c="" d="" e="" f="" g="" h="" Length="8"`), 5, ErrSyntax, "duplicate attribute"},
		{"attribute twice, prefixes", pskcWith(t, `Length="6"`, `xmlns:x="z" xmlns:y="z" x:a="" y:a=""`), 5, ErrSyntax, "duplicate attribute"},
		{"policy of others", policyWith(t, `<x:Sun xmlns:x="y"/>`), 8, ErrUnsupported, "forbids the use of the key"},
		{"policy extension", policyWith(t, `<Extensions/>`), 8, ErrUnsupported, "forbids the use of the key"},
		{"date", policyWith(t, `<ExpiryDate>2022-09-01</ExpiryDate>`), 8, ErrValue, "Policy/ExpiryDate"},
		{"the zero time", policyWith(t, `<ExpiryDate>0001-01-01T00:00:00Z</ExpiryDate>`), 8, ErrValue, "calendar"},
		{"year 0", policyWith(t, `<ExpiryDate>0001-01-01T00:00:00+01:00</ExpiryDate>`), 8, ErrValue, "calendar"},
		{"year 10000", policyWith(t, `<ExpiryDate>9999-12-31T23:59:59-05:00</ExpiryDate>`), 8, ErrValue, "calendar"},
		{"comma", policyWith(t, `<ExpiryDate>2022-09-01T00:00:00,5Z</ExpiryDate>`), 8, ErrValue, "ExpiryDate"},
		{"25:00", policyWith(t, `<ExpiryDate>2022-09-01T25:00:00Z</ExpiryDate>`), 8, ErrValue, "ExpiryDate"},
		{"24:00 and more", policyWith(t, `<ExpiryDate>2022-09-01T24:00:00.5Z</ExpiryDate>`), 8, ErrValue, "ExpiryDate"},
		{"30 February", policyWith(t, `<ExpiryDate>2022-02-30T00:00:00Z</ExpiryDate>`), 8, ErrValue, "ExpiryDate"},
		{"twice", policyWith(t, `<ExpiryDate>2022-09-01T00:00:00Z</ExpiryDate><ExpiryDate>2032-09-01T00:00:00Z</ExpiryDate>`), 8, ErrSyntax, "Policy/ExpiryDate"},

		{"DeviceBinding", pskcWith(t, "<SerialNo>", "<DeviceBinding>IMEI</DeviceBinding><SerialNo>"), 3, ErrUnsupported, "DeviceBinding"},
		{"serial", pskcWith(t, "123<", "1.3<"), 3, ErrValue, "SerialNo"},
		{"serial twice", pskcWith(t, "<SerialNo>", "<SerialNo>1</SerialNo><SerialNo>"), 3, ErrSyntax, "SerialNo"},
		{"Algorithm", pskcWith(t, ":totp", ":pin"), 4, ErrUnsupported, "pskc:pin"},
		{"no Algorithm", pskcWith(t, ` Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"`, ""), 4, ErrUnsupported, "Algorithm"},
		{"two Keys", pskcWith(t, "</Key>", "</Key>"+second), 9, ErrUnsupported, "more than one Key"},
		{"no Key", pskcWith(t, "<KeyPackage>", "<KeyPackage><DeviceInfo/></KeyPackage><KeyPackage>"), 2, ErrUnsupported, "without a Key"},

		{"KeyReference", pskcWith(t, "<Data>"+secret, "<KeyReference>master</KeyReference><Data>"), 6, ErrUnsupported, "KeyReference"},
		{"no Secret", pskcWith(t, secret, ""), 4, ErrSyntax, "Secret"},
		{"empty Secret", pskcWith(t, plain, ""), 6, ErrValue, "Secret"},
		{"base64", pskcWith(t, plain, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"), 6, ErrSyntax, "base64"},
		{"hexadecimal", pskcWith(t, plain, "3132333435363738393g"), 6, ErrValue, "15"},
		{"short", pskcWith(t, plain, "MTIzNA=="), 6, token.ErrSeedLength, "got 4"},
		{"MAC of clear text", pskcWith(t, "</Secret>", "<ValueMAC>AAAA</ValueMAC></Secret>"), 6, ErrUnsupported, "ValueMAC"},
		{"Secret twice", dataWith(t, secret), 7, ErrSyntax, "Data/Secret"},
		{"no period", pskcWith(t, "<TimeInterval><PlainValue>60</PlainValue></TimeInterval>", ""), 4, ErrNoPeriod, "TimeInterval"},
		{"period 0", pskcWith(t, ">60<", ">0<"), 7, ErrValue, "TimeInterval"},
		{"period", pskcWith(t, ">60<", ">1.5<"), 7, ErrValue, "TimeInterval"},
		{"period empty", pskcWith(t, "<PlainValue>60</PlainValue>", ""), 7, ErrSyntax, "TimeInterval"},
		{"Time", dataWith(t, "<Time><PlainValue>42</PlainValue></Time>"), 7, ErrUnsupported, "a Time other than 0"},
		{"drift", dataWith(t, "<TimeDrift><PlainValue>4294967293</PlainValue></TimeDrift>"), 7, ErrValue, "TimeDrift"},
		{"unknown element", dataWith(t, "<Tiem/>"), 7, ErrUnsupported, "Data/Tiem"},
		{"encrypted", pskcWith(t, "<PlainValue>"+plain+"</PlainValue>", "<EncryptedValue/>"), 6, ErrSyntax, "Secret"},

		{"no Version", pskcWith(t, ` Version="1.0"`, ""), 1, ErrSyntax, "Version"},
		{"Version", pskcWith(t, `"1.0"`, `"2.0"`), 1, ErrUnsupported, "a PSKC version other than 1"},
		{"no version", pskcWith(t, `"1.0"`, `"one"`), 1, ErrValue, "Version"},
		{"draft", strings.Replace(pskcBase, `:pskc"`, `:pskc:1.0"`, 1), 1, ErrUnsupported, "draft"},
		{"root", "<Tokens/>", 1, ErrSyntax, "KeyContainer"},
		{"no KeyPackage", `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"/>`, 1, ErrSyntax, "KeyPackage"},
		{"empty", "", 1, ErrSyntax, "KeyContainer"},
		{"text", pskcWith(t, "<Policy>", "oops<Policy>"), 8, ErrSyntax, "text in Key"},
		{"element in text", pskcWith(t, "123<", "<b/>123<"), 3, ErrSyntax, "element in a text"},
		{"EncryptionKey late", pskcWith(t, "</KeyContainer>", "<EncryptionKey/></KeyContainer>"), 11, ErrSyntax, "EncryptionKey"},

		{"garbage", pskcBase + "x", 11, ErrSyntax, "text in the file"},
		{"second root", pskcBase + "\n<a/>", 12, ErrSyntax, "second root"},
		{"truncated", pskcBase[:len(pskcBase)-3], 11, ErrSyntax, "XML"},
		{"truncated in a key", pskcBase[:strings.Index(pskcBase, "<Policy>")], 8, ErrSyntax, "XML"},
		{"not closed", pskcWith(t, "</Policy>", "</Police>"), 8, ErrSyntax, "XML"},
		{"DOCTYPE", `<!DOCTYPE a [<!ENTITY a "b">]>` + pskcBase, 1, ErrUnsupported, "DOCTYPE"},
		{"entity", pskcWith(t, "123<", "&lol;<"), 3, ErrSyntax, "XML"},
		{"control character", pskcWith(t, "123<", "\x01<"), 3, ErrSyntax, "XML"},
		{"not UTF-8", pskcWith(t, "123<", "\xff<"), 3, ErrSyntax, "XML"},
		{"UTF-32", "\xFF\xFE\x00\x00<\x00\x00\x00", 1, ErrSyntax, "UTF-32"},
		{"gzip", "\x1f\x8b\x08", 1, ErrSyntax, "gunzip"},
		{"Latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + pskcBase, 1, ErrUnsupported, "ISO-8859-1"},
		{"deep", pskcWith(t, "<Policy>", "<Extensions>"+strings.Repeat("<Extensions>", 40)), 8, ErrLimit, "nested elements"},
		{"large text", pskcWith(t, "123<", strings.Repeat("1", pskcMaxToken)+"<"), 3, ErrLimit, "bytes"},
		{"large pieces", pskcWith(t, "123<", strings.Repeat(strings.Repeat("1", 1000)+"<!-- -->", 300)+"<"), 3, ErrLimit, "bytes"},
		{"large attribute", pskcWith(t, `Id="k"`, `Id="`+strings.Repeat("k", pskcMaxToken)+`"`), 4, ErrLimit, "bytes"},
		{"large comment", "<!--" + strings.Repeat("x", pskcMaxToken) + "-->" + pskcBase, 1, ErrLimit, "bytes"},
		{"large name", "<" + strings.Repeat("x", pskcMaxToken) + "/>", 1, ErrLimit, "bytes"},
	} {
		_, err := pskcAll(c.file, ReadOptions{})
		requireRefused(t, err, c.err, c.says, c.name)
		var e *Error
		require.ErrorAs(t, err, &e, c.name)
		require.Equal(t, "pskc", e.Format, c.name)
		require.Equal(t, c.line, e.Line, "%s: %v", c.name, err)
		require.Less(t, len(err.Error()), 400, c.name)
		require.NotContains(t, err.Error(), "MTIzNDU2", c.name)
		require.NotContains(t, err.Error(), rfcSecret, c.name)
	}
}

// TestPSKCAccepts covers variants that occur in real files.
func TestPSKCAccepts(t *testing.T) {
	want := Record{Serial: testSerial(t, "123"), Seed: testSeed(t, rfcSecret), Digits: 6, Step: 60, KeyID: "k"}
	with := func(f func(*Record)) Record {
		r := want
		f(&r)
		return r
	}
	at := time.Date(2022, 9, 1, 0, 0, 0, 0, time.UTC)
	expiry := func(at time.Time) Record { return with(func(r *Record) { r.Policy.Expiry = at }) }
	const format = `<ResponseFormat Length="6" Encoding="DECIMAL"/>`
	const noPeriod = "<TimeInterval><PlainValue>60</PlainValue></TimeInterval>"
	prefixed := strings.NewReplacer(`xmlns="`, `xmlns:p="`, "</", "</p:", "<", "<p:").Replace(pskcBase)
	for _, c := range []struct {
		name, file string
		o          ReadOptions
		want       Record
		warned     string
	}{
		{"namespaces of Policy", pskcWith(t, "<Policy>", `<Policy xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:x="y">`), ReadOptions{}, want, ""},
		{"as it is", pskcBase, ReadOptions{}, want, ""},
		{"BOM", "\xEF\xBB\xBF" + pskcBase, ReadOptions{}, want, ""},
		{"ASCII", `<?xml version="1.0" encoding="us-ascii"?>` + pskcBase, ReadOptions{}, want, ""},
		{"prefix", prefixed, ReadOptions{}, want, ""},
		{"CRLF, comments", strings.ReplaceAll(pskcWith(t, "123", "1<!-- x -->23"), "\n", "\r\n"), ReadOptions{}, want, ""},
		{"CDATA", pskcWith(t, "123", "<![CDATA[123]]>"), ReadOptions{}, want, ""},
		{"draft's TOTP", pskcWith(t, ":totp", "#totp"), ReadOptions{}, want, ""},
		{"Format of drafts", pskcWith(t, "Encoding=", "Format="), ReadOptions{}, want, ""},
		{"other order", strings.Replace(pskcWith(t, "<Policy></Policy>", ""), "<AlgorithmP", "<Policy/><AlgorithmP", 1), ReadOptions{}, want, ""},
		{"KeyUsage", policyWith(t, "<KeyUsage>Integrity</KeyUsage><KeyUsage> OTP </KeyUsage>"), ReadOptions{}, want, "line 8: KeyUsage was checked but is not kept: files written from this one allow every use"},
		{"CheckDigits false", pskcWith(t, format, `<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigits="false"/>`), ReadOptions{}, want, ""},
		{"Suite", pskcWith(t, format, "<Suite>HMAC-SHA1</Suite>"+format), ReadOptions{Algorithm: token.SHA512}, want, ""},
		{"Suite of others", pskcWith(t, format, "<Suite>sha256</Suite>"+format), ReadOptions{}, with(func(r *Record) { r.Algorithm = token.SHA256 }), ""},
		{"no format", pskcWith(t, format, ""), ReadOptions{}, want, "line 4: no Length in ResponseFormat: codes of 6 digits are assumed"},
		{"no format, digits from options", pskcWith(t, format, ""), ReadOptions{Digits: 8}, with(func(r *Record) { r.Digits = 8 }), "line 4: no Length in ResponseFormat: codes of 8 digits are assumed"},
		{"period from options", pskcWith(t, noPeriod, ""), ReadOptions{Step: 30}, with(func(r *Record) { r.Step = 30 }), ""},
		{"period in file and options", pskcBase, ReadOptions{Step: 30}, want, ""},
		{"Time 0", dataWith(t, "<Time><PlainValue>0</PlainValue></Time>"), ReadOptions{}, want, ""},
		{"Time 2000", dataWith(t, "<Time><PlainValue>946684800</PlainValue></Time>"), ReadOptions{}, with(func(r *Record) { r.T0 = token.Epoch2000 }), ""},
		{"drift", dataWith(t, "<TimeDrift><PlainValue>-1</PlainValue></TimeDrift>"), ReadOptions{}, with(func(r *Record) { r.Drift = -1 }), ""},
		{"zone", policyWith(t, "<ExpiryDate>2022-09-01T09:00:00+09:00</ExpiryDate>"), ReadOptions{}, expiry(at), ""},
		{"fraction", policyWith(t, "<ExpiryDate> 2022-09-01T00:00:00.250Z\n</ExpiryDate>"), ReadOptions{}, expiry(at.Add(250 * time.Millisecond)), ""},
		{"24:00", policyWith(t, "<ExpiryDate>2022-08-31T24:00:00Z</ExpiryDate>"), ReadOptions{}, expiry(at), ""},
		{"no zone", policyWith(t, "<ExpiryDate>2022-09-01T00:00:00</ExpiryDate>"), ReadOptions{}, expiry(at), "line 8: Policy/ExpiryDate has no time zone: UTC is assumed"},
		{"UserId", pskcWith(t, "<Policy>", "<UserId>a</UserId><Policy>"), ReadOptions{}, with(func(r *Record) { r.User = "a" }), ""},
		{"device's UserId", pskcWith(t, "<SerialNo>", "<UserId>b</UserId><SerialNo>"), ReadOptions{}, with(func(r *Record) { r.User = "b" }), ""},
		{"extension", pskcWith(t, "<Policy>", `<Extensions><x:y xmlns:x="z">t<Policy/></x:y></Extensions><Policy>`), ReadOptions{}, want, "line 8: Extensions in Key is skipped"},
		{"foreign element", dataWith(t, `<x:T0 xmlns:x="z"/>`), ReadOptions{}, want, "line 7: T0 in Data is skipped"},
		{"later version", strings.Replace(dataWith(t, `<New/>`), `"1.0"`, `"1.3"`, 1), ReadOptions{}, want, "version 1.3 of PSKC: its additions are skipped\nline 7: New in Data is skipped"},
		{"KeyReference", pskcWith(t, "<Data>", "<KeyReference>x</KeyReference><Data>"), ReadOptions{}, want, "line 6: KeyReference is skipped"},
		{"Counter", dataWith(t, "<Counter><PlainValue>1</PlainValue></Counter>"), ReadOptions{}, want, "line 7: Counter has no meaning for TOTP and is skipped"},
	} {
		var warned []string
		c.o.Warn = func(s string) { warned = append(warned, s) }
		got, err := pskcAll(c.file, c.o)
		require.NoError(t, err, c.name)
		require.Len(t, got, 1, c.name)
		equalRecords(t, c.want, got[0])
		require.Equal(t, c.warned, strings.Join(warned, "\n"), c.name)
	}
	hotp := strings.Replace(dataWith(t, "<Counter><PlainValue>9223372036854775807</PlainValue></Counter>"), ":totp", ":hotp", 1)
	got, err := pskcAll(hotp, ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, uint64(math.MaxInt64), got[0].Counter)
	require.Zero(t, got[0].Step)
}

// TestPSKCIndented checks that space from indentation is not part of a text.
func TestPSKCIndented(t *testing.T) {
	file := pskcWith(t, "<SerialNo>", "<Manufacturer>\n  Feitian\n\t</Manufacturer><Model> a b </Model><IssueNo>\r\n1 </IssueNo><UserId> u </UserId><SerialNo>")
	file = strings.Replace(file, "<AlgorithmP", "<Issuer>\n i </Issuer><AlgorithmP", 1)
	file = strings.Replace(file, "<Data>", "<FriendlyName> f\n</FriendlyName><Data>", 1)
	got, err := pskcAll(file, ReadOptions{})
	require.NoError(t, err)
	require.Len(t, got, 1)
	r := got[0]
	require.Equal(t, []string{"Feitian", "a b", "1", "u", "i", "f"},
		[]string{r.Manufacturer, r.Model, r.IssueNo, r.User, r.Issuer, r.FriendlyName})

	r.Model = " c200"
	w, err := pskcFormat.NewWriter(io.Discard, WriteOptions{})
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(&r), "Model begins or ends with a space", "the space would be lost")
}

// TestWritersCheckCarriedFields checks that an invalid text does not cause an error in
// a format that leaves it out.
func TestWritersCheckCarriedFields(t *testing.T) {
	r := pskcRecord(t)
	r.Manufacturer = " bad\x01 "
	for _, c := range []struct {
		format  *Format
		carries bool
	}{{duo, false}, {fobJSON, true}, {feitianXML, true}} {
		w, err := c.format.NewWriter(io.Discard, WriteOptions{})
		require.NoError(t, err)
		if err = w.Write(&r); c.carries {
			requireRefused(t, err, ErrValue, "manufacturer", c.format.Name)
		} else if err != nil {
			require.NotContains(t, err.Error(), "manufacturer", c.format.Name)
		}
	}
}
