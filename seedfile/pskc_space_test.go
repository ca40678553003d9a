// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPSKCIndented checks that space from indentation is not part of a text.
func TestPSKCIndented(t *testing.T) {
	file := pskcWith(t, "<SerialNo>", "<Manufacturer>\n  Feitian\n\t</Manufacturer><Model> a b </Model><IssueNo>\r\n1 </IssueNo><UserId> u </UserId><SerialNo>")
	file = strings.Replace(file, "<AlgorithmP", "<Issuer>\n i </Issuer><AlgorithmP", 1)
	file = strings.Replace(file, "<Data>", "<FriendlyName> f\n</FriendlyName><Data>", 1)
	got, err := pskcAll(t, file, ReadOptions{})
	require.NoError(t, err)
	require.Len(t, got, 1)
	r := got[0]
	require.Equal(t, []string{"Feitian", "a b", "1", "u", "i", "f"},
		[]string{r.Manufacturer, r.Model, r.IssueNo, r.User, r.Issuer, r.FriendlyName})

	r.Model = " c200"
	w, err := pskcFormat.NewWriter(io.Discard, WriteOptions{})
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(&r), "Model begins or ends with a space", "it would be lost")
}

// TestWritersCheckWhatTheyCarry checks that an invalid text does not cause an error in
// a format that leaves it out.
func TestWritersCheckWhatTheyCarry(t *testing.T) {
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
