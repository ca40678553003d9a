// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"net/http"
	"net/netip"
)

// source returns the network address of the client, or an invalid address if there is
// none, as with a Unix socket. Behind a proxy, the code in front of this handler must
// store the client's address in RemoteAddr.
func source(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}
