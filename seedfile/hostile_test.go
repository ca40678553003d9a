// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/proptest"
)

// hostileFiles repeat a piece until the file has any desired size.
var hostileFiles = []struct {
	name, format, head, piece, tail string
	is                              error // io.EOF means a valid file
	says                            string
}{
	{"numbers", "2fas", `{"services":[0`, `,0`, `]}`, ErrLimit, "2fas: too large: more than 100000 entries, at byte 200012"},
	{"numbers", "aegis", `{"version":1,"header":{"slots":null},"db":{"entries":[0`, `,0`, `]}}`, ErrLimit, "entries, at byte 200053"},
	{"numbers", "andotp", `[0`, `,0`, `]`, ErrLimit, "entries, at byte 200000"},
	{"numbers", "freeotp-plus", `{"tokens":[0`, `,0`, `]}`, ErrLimit, "entries, at byte 200010"},
	{"numbers", "bitwarden", `{"encrypted":false,"items":[0`, `,0`, `]}`, ErrLimit, "entries, at byte 200027"},
	{"items without a code", "bitwarden", `{"encrypted":false,"items":[{}`, `,{}`, `]}`, ErrLimit, "entries, at byte 300027"},
	{"a secret of lists", "freeotp-plus", `{"tokens":[{"type":"TOTP","secret":[0`, `,[]`, `]}]}`, ErrLimit, "entry 1: too large: an entry of more than 1 MiB"},
	{"a long secret", "2fas", `{"services":[{"secret":"`, `AAAA`, `"}]}`, ErrLimit, "entry 1: too large: an entry of more than 1 MiB"},
	{"depth", "2fas", `{"services":[`, `[`, ``, ErrSyntax, "invalid or incomplete JSON at byte 13"},
	{"depth", "andotp", ``, `[`, ``, ErrSyntax, "invalid or incomplete JSON at byte 1"},
	{"a list without an end", "andotp", `[`, `,`, ``, ErrSyntax, "invalid or incomplete JSON at byte 1"},
	{"another list", "2fas", `{"x":[0`, `,0`, `],"services":[]}`, ErrSyntax, "2fas: malformed: no token in the file"},
	{"another text", "2fas", `{"x":"`, `x`, `","services":[]}`, ErrSyntax, "2fas: malformed: no token in the file"},
	{"keys", "2fas", `{"a":0`, manyKeys(), `}`, ErrLimit, "2fas: too large: an object of more than 1000 keys"},
	{"keys", "aegis", `{"db":{"a":0`, manyKeys(), `}}`, ErrLimit, "aegis: too large: an object of more than 1000 keys"},
	{"lists", "2fas", `{"services":[]`, `,"services":[]`, `}`, ErrSyntax, "2fas: malformed: duplicate key"},
	{"two documents", "andotp", `[]`, ` []`, ``, ErrSyntax, "data after the JSON"},
	{"types", "andotp", `[`, `{"type":"steam"},`, `0]`, ErrLimit, "entries, at byte 1700000"},

	{"empty lines", "fob", fobHeader + "\n", "\n", "", ErrSyntax, "no token in the file"},
	{"a line", "fob", fobHeader + "\n{", `"type":"TOTP",`, "}", ErrLimit, "line 2: too large: a line of more than 8192 bytes"},
	{"empty lines", "okta", "", "\n", "", ErrSyntax, "no token in the file"},
	{"comments", "oath-csv", "", "#\n", "", ErrSyntax, "no token in the file"},
	{"types", "oath-csv", "", "1, 3132333435363738393031323334353637383930, ocra\n", "", io.EOF, ""},
	{"types", "netiq-csv", "", "1, 3132333435363738393031323334353637383930, ocra\n", "", io.EOF, ""},
	{"commas", "linotp-csv", "", strings.Repeat(",", 90) + "\n", "", ErrSyntax, "no token in the file"},
	{"spaces", "duo", "", " \n", "", ErrSyntax, "no token in the file"},
	{"types", "multiotp-csv", "", "1;;mOTP;31323334353637383930313233343536;6;10\n", "", io.EOF, ""},
	{"spaces", "users-oath", "", " \n", "", ErrSyntax, "no token in the file"},
	{"types", "otpauth", "", "otpauth://yubicootp/a?\n", "", io.EOF, ""},
	{"parameters", "otpauth", "", "otpauth://totp/a?period=60&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" + strings.Repeat("&a", 1000) + "\n", "", io.EOF, ""},
	{"tokens", "otpauth-migration", "", migrationScheme + "offline?data=" + base64.URLEncoding.EncodeToString(bytes.Repeat([]byte("\n\x14\n\x101234567890123456\x30\x02"), 200)) + "\n", "", io.EOF, ""},

	{"elements", "pskc", pskcStart, "<a xmlns='a'/>", pskcEnd, ErrSyntax, "there is no KeyPackage"},
	{"comments", "pskc", pskcStart, "<!---->", pskcEnd, ErrSyntax, "there is no KeyPackage"},
	{"instructions", "pskc", pskcStart, "<?a?>", pskcEnd, ErrSyntax, "there is no KeyPackage"},
	{"keys", "pskc", pskcStart, `<KeyPackage><Key Algorithm="urn:x"><Data><Secret><PlainValue>AA==</PlainValue></Secret></Data></Key></KeyPackage>`, pskcEnd, io.EOF, ""},
	{"a tag", "pskc", pskcStart + "<a", " a=''", "/>" + pskcEnd, ErrLimit, "line 1: too large: a tag, text or comment of more than 262144 bytes"},
	{"a text", "pskc", pskcStart + "<KeyPackage><Key><Data><Secret><PlainValue>", "AAAA", "", ErrLimit, "of more than 262144 bytes"},
	{"pieces of a text", "pskc", pskcStart + "<KeyPackage><Key><Data><Secret><PlainValue>", "AAAAAAAAAAAAAAAA<!---->", "", ErrLimit, "of more than 262144 bytes"},
	{"elements", "feitian-xml", "<KeyContainer><Device>", "<a/>", "</Device></KeyContainer>", ErrSyntax, "a device without a key"},
	{"depth", "feitian-xml", "<KeyContainer><Device>", "<a>", "</Device></KeyContainer>", ErrLimit, "line 1: too large: elements nested more than 16 deep"},
	{"pieces of a text", "feitian-xml", "<KeyContainer><Device><DeviceInfo><Model>", "<!---->A", "", ErrLimit, "text of more than 16384 bytes"},
	{"applications", "safenet-xml", "<Tokens>", `<Token serial="1"><Applications><Application/><Application/></Applications></Token>`, "</Tokens>", io.EOF, ""},
	{"elements", "dualshield-xml", "<data>", `<a/>`, "</data>", ErrSyntax, "no token in the file"},
}

// manyKeys returns members of an object, all with different keys.
func manyKeys() string {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, `,"%d":0`, i)
	}
	return b.String()
}

const (
	pskcStart = `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">`
	pskcEnd   = `</KeyContainer>`
)

// measured is a file that measures the memory of its reader while it is read.
type measured struct {
	io.Reader
	next, left       int    // bytes until the next measurement
	before, most     uint64 // bytes in use
	began, allocated uint64
}

// count updates most and allocated.
func (m *measured) count() {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.most, m.allocated = max(m.most, s.HeapAlloc), s.TotalAlloc
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if m.left -= n; m.left <= 0 {
		m.left = m.next
		m.count()
	}
	return n, err
}

// TestHostileFiles: a reader holds a few MiB, and no more of a file than its limits
// allow. An export of an app is held once. The total of all allocations is proportional
// to the size of the file and does not depend on its content. The reader continues
// after all errors that can be skipped.
func TestHostileFiles(t *testing.T) {
	for _, c := range hostileFiles {
		t.Run(c.format+" "+c.name, func(t *testing.T) {
			f, err := FormatByName(c.format)
			require.NoError(t, err)
			size, inUse, allocated := 512<<10, 8<<20, 128
			if f.entries {
				// The file, grown by io.ReadAll, and the decoder's copy of a value.
				size, inUse, allocated = 2<<20, 16<<20, 24
			}
			piece := strings.Repeat(c.piece, 1+4096/len(c.piece))
			m := &measured{next: size / 4, Reader: &keyStream{head: c.head, key: piece, tail: c.tail, n: size / len(piece)}}
			m.count()
			m.before, m.most, m.began = m.most, 0, m.allocated
			r, err := f.NewReader(m, ReadOptions{Step: 60, Skip: func(error) {}, Warn: func(string) {}})
			m.count()
			for err == nil {
				_, err = r.Read()
			}
			m.count()
			requireRefused(t, err, c.is, c.says, "")
			require.LessOrEqual(t, m.most, m.before+uint64(inUse))
			require.LessOrEqual(t, m.allocated-m.began, uint64(allocated*size))
		})
	}
}

// TestExportLimit checks that an export larger than the limit is not read to its end.
func TestExportLimit(t *testing.T) {
	file := &keyStream{head: "[", key: strings.Repeat(" ", 1<<20), tail: "]", n: 64}
	_, err := andOTP.NewReader(file, ReadOptions{})
	require.EqualError(t, err, "andotp: too large: more than 16 MiB")
	require.Greater(t, file.n, 40)
}

// hostile returns a signed file with other content inserted.
func hostile(t testing.TB, more string) (file string, trusted ReadOptions) {
	private, certificate := testKeyPair(t)
	file = pskcWrite(t, WriteOptions{Sign: &Signer{private, certificate}}, pskcRecord(t))
	return strings.Replace(file, "</KeyContainer", more+"</KeyContainer", 1), ReadOptions{Keys: Keys{Trusted: certificate}}
}

// shareOfNodes returns the divisor for the largest signed file of a test: 1 in a long
// run. It lowers the limit of nodes to match.
func shareOfNodes(t *testing.T) int {
	if proptest.Long() {
		return 1
	}
	const share = 20
	was := pskcMaxNodes
	pskcMaxNodes /= share
	t.Cleanup(func() { pskcMaxNodes = was })
	return share
}

// TestPSKCSignedLimits checks that a file which would cost the libraries much memory or
// time is ErrLimit at once. A slightly smaller one is refused because of its signature.
func TestPSKCSignedLimits(t *testing.T) {
	shareOfNodes(t)
	var many, spaces strings.Builder
	for i := range pskcMaxSpaces {
		fmt.Fprintf(&spaces, ` xmlns:n%d="n"`, i)
	}
	many.WriteString("<a")
	for i := range 10_000 {
		fmt.Fprintf(&many, ` a%d=""`, i)
	}
	many.WriteString("/>")
	for _, c := range []struct {
		name, more string
		says       string
	}{
		{"elements", strings.Repeat("<a/>", pskcMaxNodes), "elements, attributes and texts"},
		{"attributes", strings.Repeat(many.String(), pskcMaxNodes/10_000+1), "elements, attributes and texts"},
		{"texts", strings.Repeat("<a>b</a>", pskcMaxNodes/2), "elements, attributes and texts"},
		{"instructions", strings.Repeat("<?a?>", pskcMaxNodes), "elements, attributes and texts"},
		{"comments", strings.Repeat("<!---->", pskcMaxComments+1), "comments"},
		{"namespaces", "<a" + spaces.String() + "/>", "namespaces"},
		{"nested namespaces", `<a xmlns:n="n"><b` + spaces.String() + "/></a>", "namespaces"},
	} {
		file, trusted := hostile(t, c.more)
		_, err := pskcAll(file, trusted)
		requireRefused(t, err, ErrLimit, c.says, c.name)
	}
	file, trusted := hostile(t, strings.Repeat("<!---->", pskcMaxComments/2)+strings.Repeat("<a/>", 1000))
	_, err := pskcAll(file, trusted)
	require.ErrorIs(t, err, ErrSignature)
}

// TestPSKCSignedLargest checks that the largest file that can be signed, with the
// smallest tokens, is within all limits.
func TestPSKCSignedLargest(t *testing.T) {
	size := pskcMaxSigned / shareOfNodes(t)
	small := Record{Serial: testSerial(t, "1"), Seed: testSeed(t, rfcSecret[:16]), Digits: 6, Step: 60}
	x := pskcWrite(t, WriteOptions{}, small)
	x = strings.Replace(x, `"DECIMAL"/>`, `"DECIMAL"></ResponseFormat>`, 1) // canonical form
	from, to := strings.Index(x, "  <KeyPackage"), strings.Index(x, "</KeyContainer")
	_, err := pskcLimits([]byte(x[:from] + strings.Repeat(x[from:to], size/(to-from)) + x[to:]))
	require.NoError(t, err)
}

// TestPSKCSignedMemory measures the memory for a hostile file of the maximum size. Its
// signature is by a trusted signer but for another file.
func TestPSKCSignedMemory(t *testing.T) {
	share := shareOfNodes(t)
	var more strings.Builder
	more.WriteString("<b")
	for i := range pskcMaxSpaces - 4 { // the file has a few of its own
		fmt.Fprintf(&more, ` xmlns:n%d="n"`, i)
	}
	more.WriteString(">" + strings.Repeat("<a/>", pskcMaxNodes-1000) + "</b>")
	file, trusted := hostile(t, more.String())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := pskcAll(file, trusted)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, ErrSignature)
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d MiB from the system, %d bytes allocated for a node, in %v", (after.Sys-before.Sys)>>20, allocated/uint64(pskcMaxNodes), took)
	require.Less(t, allocated, uint64(5000*pskcMaxNodes))
	if share == 1 {
		require.Less(t, after.Sys-before.Sys, uint64(1536<<20))
	}
}
