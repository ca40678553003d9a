// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDetect checks that each sample is detected from its content, as its own format or
// as one of several that look alike.
func TestDetect(t *testing.T) {
	detected := map[string]bool{}
	for _, s := range samples() {
		for _, variant := range []struct{ name, text string }{
			{"as it is", readTestdata(t, s.file)},
			{"byte order mark", "\xef\xbb\xbf" + readTestdata(t, s.file)},
			{"CR LF", strings.ReplaceAll(strings.ReplaceAll(readTestdata(t, s.file), "\r\n", "\n"), "\n", "\r\n")},
		} {
			r, f, err := NewReader(strings.NewReader(variant.text), ReadOptions{Step: s.step})
			if len(s.formats) == 1 {
				require.NoError(t, err, "%s, %s", s.file, variant.name)
				require.Equal(t, s.formats[0], f.Name, "%s, %s", s.file, variant.name)
				_, err = r.Read()
				require.NoError(t, err, "%s, %s", s.file, variant.name)
			} else {
				requireRefused(t, err, ErrFormat, "may be "+strings.Join(s.formats, " or ")+": name its format", "")
			}
		}
		for _, name := range s.formats {
			detected[name] = true
		}
	}
	for _, f := range Formats() {
		if !strings.HasPrefix(f.Name, "pskc") {
			require.True(t, detected[f.Name], "no sample of %s", f.Name)
		}
	}
}

// TestDetectCompact checks that rows without spaces match every format with the same
// number of columns.
func TestDetectCompact(t *testing.T) {
	_, _, err := NewReader(strings.NewReader(strings.ReplaceAll(row, " ", "")), ReadOptions{})
	require.EqualError(t, err, "unknown format: the file may be oath-csv or linotp-csv or netiq-csv: name its format")
}

// TestDetectUnknown checks files that no format may claim.
func TestDetectUnknown(t *testing.T) {
	for _, text := range []string{
		"", "\n", "hello\n", "a,b,c\n", "<html></html>", "{}", `{"a":1}`, "[]", "<", "<?", "<!--", "\x00",
		"2600124800001," + rfcSeed[:8] + "\n", "# nothing but a comment\n",
	} {
		_, _, err := NewReader(strings.NewReader(text), ReadOptions{})
		require.ErrorIs(t, err, ErrFormat, "%q", text)
	}
}

// TestSamplesListed checks that the README gives the origin of each sample.
func TestSamplesListed(t *testing.T) {
	readme := readTestdata(t, "README.md")
	entries, err := os.ReadDir("testdata")
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, s := range samples() {
		listed[s.file] = true
		require.Contains(t, readme, "`"+s.file+"`")
	}
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && name != "README.md" && !strings.HasPrefix(name, "pskc") {
			require.True(t, listed[name], "no sample of a test uses testdata/%s", name)
		}
	}
}

// TestWhyUnknown checks that the error names the reason why no format was detected.
func TestWhyUnknown(t *testing.T) {
	for head, says := range map[string]string{
		"\xff\xfe\x00\x00<\x00\x00\x00": "UTF-32",
		"\x1f\x8b\x08\x00;":             "gunzip",
		"PK\x03\x04":                    "ZIP",
		"\x00\x01\x02":                  "not text",
		"upn;serial number;secret\n":    "semicolons",
		"what is this\n":                "the content matches no known format",
		"":                              "the content matches no known format",
	} {
		_, _, err := NewReader(strings.NewReader(head), ReadOptions{})
		require.ErrorIs(t, err, ErrFormat, "%q", head)
		require.ErrorContains(t, err, says, "%q", head)
	}
}

// TestUniqueKeyID checks that a key id that differs from the serial number may occur
// once only.
func TestUniqueKeyID(t *testing.T) {
	from, to := strings.Index(pskcBase, "<KeyPackage>"), strings.Index(pskcBase, "</KeyContainer>")
	one := pskcBase[from:to]
	other := strings.NewReplacer("123<", "124<", "MTIz", "MTI0").Replace(one)
	for file, twice := range map[string]bool{
		pskcBase[:to] + other + pskcBase[to:]:                                        true,
		pskcBase[:to] + strings.Replace(other, `"k"`, `"l"`, 1) + pskcBase[to:]:      false,
		pskcBase[:to] + strings.Replace(other, `Id="k"`, `Id=""`, 1) + pskcBase[to:]: false,
	} {
		r, err := pskcFormat.NewReader(strings.NewReader(file), ReadOptions{})
		require.NoError(t, err)
		r = Unique(r, "pskc")
		_, err = r.Read()
		require.NoError(t, err)
		_, err = r.Read()
		if !twice {
			require.NoError(t, err)
			continue
		}
		requireRefused(t, err, ErrDuplicate, "key id", "")
	}
}
