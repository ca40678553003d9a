// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pdfdoc"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/token"
)

func serial(t testing.TB, n int) token.Serial {
	t.Helper()
	s, err := token.ParseSerial(fmt.Sprintf("26001248%05d", n))
	require.NoError(t, err)
	return s
}

// sample is a batch with made tokens, of which every 25th was void.
func sample(t testing.TB, made int) *Batch {
	t.Helper()
	expiry, err := token.ParseExpiry("2031-11-30")
	require.NoError(t, err)
	start := time.Date(2026, 11, 30, 8, 0, 0, 0, time.FixedZone("JST", 9*3600))
	b := &Batch{
		Order: "A-17", Customer: "ACME Bank & Söhne", Model: "Fob 6 always-on",
		Created: start.Add(3 * time.Hour), Started: start, Finished: start.Add(2 * time.Hour),
		First: serial(t, 1), Last: serial(t, made+made/25), Expiry: expiry, Ordered: made, Made: made,
		DriftFrom: -20, DriftTo: 20,
		Limits:   []Limit{{"Clock set within", "200 ms"}, {"Code verified at", "2 steps"}, {"Attempts per token", "3"}},
		Firmware: []Firmware{{"1.4.2", sha256.Sum256([]byte("firmware")), made}},
		Files: []File{
			{"A-17.pskc.xml", int64(made) * 1210, sha256.Sum256([]byte("pskc"))},
			{"A-17-inventory-with-a-long-name-for-the-validation-server.csv", int64(made) * 64, sha256.Sum256([]byte("csv"))},
		},
		Journal:  Journal{Records: made * 7, Head: sha256.Sum256([]byte("journal")), Signer: "SHA256:rZ2p3Bq0mM1kq1yOq0f6kC5tYt9H3x7m2s0c4b8vV1E"},
		Stations: []string{"line-1", "line-2"}, Operators: []string{"m.tanaka", "j.doe"},
	}
	for i := range made {
		// Roughly bell-shaped between -14 and 14.
		b.Drift = append(b.Drift, PPM(6*math.Sin(float64(i))+5*math.Sin(float64(i)*1.7)+3*math.Sin(float64(i)*2.9)))
	}
	for i := range made / 25 {
		v := Void{Serial: serial(t, 25*(i+1)), Reason: "displayed code differs", Bin: "B2"}
		if i%3 == 0 {
			v.Reason, v.Bin = "drift of 31.0 ppm is outside the limits", "B1"
		}
		b.Void = append(b.Void, v)
	}
	for i := range 8 {
		b.Ports = append(b.Ports, Port{fmt.Sprintf("usb-1.%d", i+1), made / 8, i, 4200 * time.Millisecond, 9*time.Second + 50*time.Millisecond})
	}
	return b
}

// text returns the text of each page, as pdftotext reads it.
func text(t *testing.T, pdf []byte) []string {
	t.Helper()
	pdftotext := tooltest.Find(t, "pdftotext")
	file := filepath.Join(t.TempDir(), "certificate.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.Command(pdftotext, "-layout", file, "-").CombinedOutput()
	require.NoError(t, err, "%s", out)
	pages := strings.Split(string(out), "\f")
	return pages[:len(pages)-1]
}

// squeeze joins words with single spaces.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestCertificate(t *testing.T) {
	b := sample(t, 100)
	pdf, err := b.PDF(Options{})
	require.NoError(t, err)
	pages := text(t, pdf)
	require.Len(t, pages, 2)
	all := squeeze(strings.Join(pages, "\n"))
	for _, want := range []string{
		"Production certificate", "Order A-17", "Customer ACME Bank & Söhne", "Model Fob 6 always-on",
		"Serial numbers 2600124800001 to 2600124800104", "Expiry date 2031-11-30",
		"Started 2026-11-29 23:00:00 UTC", "Finished 2026-11-30 01:00:00 UTC",
		"Stations line-1, line-2", "Operators m.tanaka, j.doe",
		"Ordered 100", "Made 100", "Void 4", "Yield 96.1 %", // 100 of 104 are 96.15 %
		"displayed code differs B2 2", "drift of 31.0 ppm is outside the limits B1 2",
		"Limits -20.0 ppm to 20.0 ppm", "Measured tokens 100",
		"usb-1.1 12 0 100.0 % 4.2 s 9.1 s", "usb-1.8 12 7 63.1 %",
		"Clock set within 200 ms", "1.4.2 100", "A-17.pskc.xml 121000",
		"Records 700", "Signed by SHA256:rZ2p3Bq0mM1kq1yOq0f6kC5tYt9H3x7m2s0c4b8vV1E",
		fmt.Sprintf("%x", b.Journal.Head),
		"2600124800025 drift of 31.0 ppm is outside the limits B1", "2600124800050 displayed code differs B2",
	} {
		require.Contains(t, all, want)
	}
	for i, page := range pages {
		require.Contains(t, squeeze(page), fmt.Sprintf("Order A-17, created 2026-11-30 02:00:00 UTC Page %d of 2", i+1))
	}
	// A digest is broken between lines.
	for _, d := range []Digest{b.Files[0].Digest, b.Files[1].Digest, b.Firmware[0].Image} {
		require.Contains(t, all, fmt.Sprintf("%x", d)[:40])
	}
}

// TestTablesBreak checks that every row of a long table is there once, and that each of
// its pages has the header.
func TestTablesBreak(t *testing.T) {
	b := sample(t, 5000)
	pdf, err := b.PDF(Options{})
	require.NoError(t, err)
	pages := text(t, pdf)
	require.Greater(t, len(pages), 4)
	all := squeeze(strings.Join(pages, "\n"))
	for _, v := range b.Void {
		require.Equal(t, 1, strings.Count(all, v.Serial.String()+" "+v.Reason+" "+v.Bin), v.Serial)
	}
	for i, page := range pages {
		require.Contains(t, squeeze(page), fmt.Sprintf("Page %d of %d", i+1, len(pages)))
		if i > 2 {
			require.Contains(t, squeeze(page), "Serial number Reason Bin")
		}
	}
}

// TestReproducible checks that the document depends on the batch only.
func TestReproducible(t *testing.T) {
	one, err := sample(t, 100).PDF(Options{})
	require.NoError(t, err)
	two, err := sample(t, 100).PDF(Options{})
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256(one), sha256.Sum256(two))
	b := sample(t, 100)
	b.Made--
	three, err := b.PDF(Options{})
	require.NoError(t, err)
	require.NotEqual(t, one, three)
}

// TestSizes writes certificates of batches that are small, large or have long texts.
func TestSizes(t *testing.T) {
	minimal := &Batch{Order: "1", Created: time.Unix(1, 0), First: serial(t, 1), Last: serial(t, 1)}
	none := sample(t, 0)
	one := sample(t, 1)
	equal := sample(t, 10)
	equal.Drift, equal.DriftFrom, equal.DriftTo = []PPM{0, 0}, 0, 0
	outside := sample(t, 10)
	outside.Drift[0], outside.Drift[1] = -100, 300
	long := sample(t, 50)
	long.Customer = strings.Repeat("The Honourable ACME Bank ", 40)
	long.Model = strings.Repeat("W", 900)
	long.Void[0].Reason = strings.Repeat("a long reason ", 1000) // more than a page
	for i := range 100 {
		long.Operators = append(long.Operators, fmt.Sprintf("operator-%d", i))
	}
	for i, b := range []*Batch{minimal, none, one, equal, outside, long, sample(t, 20000)} {
		pdf, err := b.PDF(Options{})
		require.NoError(t, err, "%d", i)
		all := squeeze(strings.Join(text(t, pdf), "\n"))
		require.Contains(t, all, "Page 1 of")
		require.NotContains(t, all, "NaN")
		require.NotContains(t, all, "{pages}")
		if b == minimal {
			require.Contains(t, all, "Signed by not signed")
			require.Contains(t, all, "Yield -")
		}
		if b == long {
			// Footers stand between the lines of a reason on two pages.
			require.GreaterOrEqual(t, strings.Count(all, "reason"), 1000)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		change func(*Batch)
		want   string
	}{
		{func(b *Batch) { b.Order = "" }, "it has no order number"},
		{func(b *Batch) { b.Created = time.Time{} }, "order A-17: the time of the certificate is missing"},
		{func(b *Batch) { b.First = token.Serial{} }, "the range of serial numbers is missing"},
		{func(b *Batch) { b.Last = token.Serial{} }, "the range of serial numbers is missing"},
		{func(b *Batch) { b.Made = -1 }, "-1 tokens of 10"},
		{func(b *Batch) { b.DriftFrom = 30 }, "drift limits from 30 to 20 ppm"},
		{func(b *Batch) { b.Drift[3] = PPM(math.NaN()) }, "a drift of NaN ppm"},
		{func(b *Batch) { b.DriftTo = PPM(math.Inf(1)) }, "a drift of +Inf ppm"},
		{func(b *Batch) { b.Ports[0].Failed = -1 }, "port usb-1.1 has a negative number"},
	} {
		b := sample(t, 10)
		c.change(b)
		_, err := b.PDF(Options{})
		require.ErrorIs(t, err, ErrBatch)
		require.ErrorContains(t, err, c.want)
	}
	for _, customer := range []string{"みずほ銀行", "ACME\nBank"} {
		b := sample(t, 10)
		b.Customer = customer
		_, err := b.PDF(Options{})
		require.ErrorIs(t, err, pdfdoc.ErrText)
		require.ErrorContains(t, err, "writing the certificate of order A-17")
	}
	_, err := sample(t, 10).PDF(Options{Font: []byte("x")})
	require.ErrorIs(t, err, pdfdoc.ErrFont)
}

func TestJapanese(t *testing.T) {
	font, err := os.ReadFile(tooltest.File(t, "IPA Gothic", "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"))
	require.NoError(t, err)
	b := sample(t, 30)
	b.Customer, b.Operators = "みずほ銀行㈱", []string{"田中", "鈴木"}
	b.Void[0].Reason = strings.Repeat("表示コード不一致", 20) // no spaces to break at
	pdf, err := b.PDF(Options{Font: font})
	require.NoError(t, err)
	again, err := b.PDF(Options{Font: font})
	require.NoError(t, err)
	require.Equal(t, pdf, again)
	all := strings.Join(text(t, pdf), "")
	require.Contains(t, all, "みずほ銀行㈱")
	require.Contains(t, all, "田中, 鈴木")
	require.Contains(t, squeeze(all), "Page 1 of 2")
	// The same reason is in the counts and in the list.
	require.Equal(t, 2*20, strings.Count(strings.Join(strings.Fields(all), ""), "不一致"))
}

func TestHistogram(t *testing.T) {
	require.Equal(t, []int{2, 0, 1, 2}, histogram([]PPM{-10, -5.1, 0, 5, 10}, -10, 10, 4))
	mean, deviation := moments([]PPM{2, 4, 4, 4, 5, 5, 7, 9}) // a textbook example: 5, and 32/7 squared
	require.InDelta(t, 5, float64(mean), 1e-9)
	require.InDelta(t, math.Sqrt(32./7), float64(deviation), 1e-9)
	require.Equal(t, "0.0 ppm", ppm(-0.04))
	require.Equal(t, "99.9 %", share(9999, 10000))
	require.Equal(t, "-", share(0, 0))
}
