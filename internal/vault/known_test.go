// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// known holds values that another program computed: see testdata/README.md.
type known struct {
	Text, Serial, Seed, Sealed, Fingerprint, MAC, Passphrase, KDF, Derived string
	Wrapped                                                                map[string]string
}

func readKnown(t *testing.T) known {
	t.Helper()
	data, err := os.ReadFile("testdata/known.json")
	require.NoError(t, err)
	var k known
	require.NoError(t, json.Unmarshal(data, &k))
	return k
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	require.NotEmpty(t, b)
	return b
}

func TestKnownAnswers(t *testing.T) {
	k := readKnown(t)
	m, err := bank.ParseMaster(k.Text)
	require.NoError(t, err)
	require.Equal(t, k.Text, m.Text())

	keys := []Key{}
	for purpose, id := range map[string]int64{PurposeSeed: 7, PurposeAudit: 1, PurposeFingerprint: 1} {
		key, err := Unwrap(m, purpose, id, unhex(t, k.Wrapped[purpose]))
		require.NoError(t, err, purpose)
		keys = append(keys, key)
	}
	r, err := bank.NewRing(keys...)
	require.NoError(t, err)
	seed, err := r.Open(k.Serial, 7, unhex(t, k.Sealed))
	require.NoError(t, err)
	require.Equal(t, k.Seed, hex.EncodeToString(seed))
	require.Equal(t, k.Fingerprint, hex.EncodeToString(r.Fingerprint(seed)))
	require.Equal(t, k.MAC, hex.EncodeToString(r.MAC([]byte("previous"), nil, []byte("record"))))
}

func TestKnownPassphrase(t *testing.T) {
	k := readKnown(t)
	m, err := bank.MasterFromPassphrase([]byte(k.Passphrase), k.KDF)
	require.NoError(t, err)
	require.Equal(t, k.Derived, hex.EncodeToString(m.k.key()))
}
