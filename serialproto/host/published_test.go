// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

// TestPublishedKey: PROTOCOL.md publishes the test key for implementations in other
// languages. Its public half there was computed with openssl.
func TestPublishedKey(t *testing.T) {
	text, err := os.ReadFile("../PROTOCOL.md")
	require.NoError(t, err)
	public := host.InsecureTestStationKey().Public()
	require.Contains(t, string(text), "public  = "+hex.EncodeToString(public[:]))
}
