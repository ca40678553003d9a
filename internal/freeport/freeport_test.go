// SPDX-License-Identifier: Apache-2.0

package freeport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/freeport"
)

// TestFind: a server can listen on the port, stop, and listen again.
func TestFind(t *testing.T) {
	port, err := freeport.Find()
	require.NoError(t, err)
	require.Less(t, port, 32768, "systems give such ports to any program")
	for range 3 {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}
