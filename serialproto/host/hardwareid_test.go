// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

func TestHardwareIDText(t *testing.T) {
	id := host.HardwareID{0x01, 0xab, 7: 0xff}
	text, err := json.Marshal(id)
	require.NoError(t, err)
	require.Equal(t, `"01ab0000000000ff"`, string(text))
	var back host.HardwareID
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, id, back)
	for _, bad := range []string{"", "01ab0000000000f", "01ab0000000000fff", "01ab0000000000fg", "01ab0000000000f "} {
		require.ErrorIs(t, back.UnmarshalText([]byte(bad)), host.ErrHardwareID)
	}
}
