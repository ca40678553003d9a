// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
