// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/proptest"
)

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
