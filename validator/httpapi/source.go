// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"net/http"
	"net/netip"
)

// source returns the network address that a request comes from; invalid where
// it is none, as with a Unix socket. Behind a proxy whatever is in front of the
// handler must have put the client's address into RemoteAddr.
func source(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}
