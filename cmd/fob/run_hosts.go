// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"crypto/x509"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/internal/loopback"
	"github.com/d204ef64/fob/validator/server"
)

// apiHosts are the host names and addresses under which clients reach the HTTP API.
type apiHosts struct {
	given       []string            // in --http and --http-host
	any         bool                // the API listens on all addresses of the machine
	machine     string              // the machine's host name, if any is set
	certificate *server.Certificate // nil: HTTP, on loopback only
}

func newAPIHosts(h *httpFlags, c *server.Certificate) *apiHosts {
	host, _, _ := net.SplitHostPort(h.addr)
	a := &apiHosts{given: slices.Clone(h.hosts), certificate: c}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		a.any = true
		a.machine, _ = os.Hostname() // without a name, clients use addresses
	} else {
		a.given = append(a.given, host)
	}
	return a
}

// known reports whether clients may use a host name or an address: one of the
// certificate, of the flags, or the machine's. The certificate may have been replaced.
func (a *apiHosts) known(host string) bool {
	return a.covered(host) || a.machine != "" && strings.EqualFold(host, a.machine) ||
		slices.ContainsFunc(a.given, func(g string) bool { return strings.EqualFold(g, host) })
}

// covered reports whether the certificate is for a host.
func (a *apiHosts) covered(host string) bool {
	return a.certificate != nil && a.certificate.Leaf().VerifyHostname(host) == nil
}

// urls returns the URLs of the API, the best for a client first. With a certificate,
// they have hosts for which it is valid; if there are none, the machine's.
func (a *apiHosts) urls(listener *net.TCPAddr) []string {
	scheme := "http"
	var hosts []string
	if a.certificate != nil {
		scheme = "https"
		hosts = certificateHosts(a.certificate.Leaf())
	}
	hosts = append(hosts, a.given...)
	if a.any {
		if a.machine != "" {
			hosts = append(hosts, a.machine)
		}
		hosts = append(hosts, machineAddresses(listener.IP.To4() != nil)...)
	} else {
		hosts = append([]string{listener.IP.String()}, hosts...)
	}
	if slices.ContainsFunc(hosts, a.covered) {
		hosts = slices.DeleteFunc(hosts, func(host string) bool { return !a.covered(host) })
	}
	if a.any { // for clients on other machines
		slices.SortStableFunc(hosts, func(x, y string) int { return cmp.Compare(localLast(x), localLast(y)) })
	}
	var urls []string
	for _, host := range hosts {
		url := scheme + "://" + net.JoinHostPort(host, strconv.Itoa(listener.Port))
		if !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	return urls
}

// certificateHosts returns the names and addresses in a certificate. A name with a * is
// a pattern, and not the name of a host.
func certificateHosts(leaf *x509.Certificate) (hosts []string) {
	for _, name := range leaf.DNSNames {
		if !strings.Contains(name, "*") {
			hosts = append(hosts, name)
		}
	}
	for _, ip := range leaf.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

// localLast returns 1 for a host that only this machine reaches, and otherwise 0.
func localLast(host string) int {
	if loopback.Host(host) {
		return 1
	}
	return 0
}

// machineAddresses returns the addresses of the machine's interfaces, except link-local
// ones, which work only together with the name of an interface.
func machineAddresses(only4 bool) (addresses []string) {
	all, _ := net.InterfaceAddrs() // an error leaves the host name
	for _, a := range all {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.IsLinkLocalUnicast() || only4 && n.IP.To4() == nil {
			continue
		}
		addresses = append(addresses, n.IP.String())
	}
	return addresses
}
