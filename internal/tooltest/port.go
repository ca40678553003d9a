// SPDX-License-Identifier: Apache-2.0

package tooltest

import (
	"net"
	"strconv"
	"testing"

	"github.com/d204ef64/fob/internal/freeport"
)

// FreeAddress returns 127.0.0.1 with a port of [freeport.Find].
func FreeAddress(t testing.TB) string {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
