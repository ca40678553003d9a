// SPDX-License-Identifier: Apache-2.0

// Package loopback decides which hosts are this machine only.
package loopback

import (
	"net/netip"
	"strings"
)

// Host reports whether a host is "localhost" or a loopback address (RFC 1122 §3.2.1.3, RFC
// 4291 §2.5.3). It examines only the text, because the address of another name may change.
func Host(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
