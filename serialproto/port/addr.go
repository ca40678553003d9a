// SPDX-License-Identifier: Apache-2.0

package port

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Scheme is the kind of connection that an address specifies.
type Scheme string

// The schemes of addresses. Device has no prefix in an address.
const (
	Device  Scheme = ""
	PTY     Scheme = "pty"
	TCP     Scheme = "tcp"
	Unix    Scheme = "unix"
	RFC2217 Scheme = "rfc2217"
)

// addressForms is part of error messages, to help the user to correct the address.
const addressForms = "a device path such as /dev/ttyACM0 or COM3, pty:PATH, tcp:HOST:PORT, unix:PATH, rfc2217://HOST:PORT"

// Addr is a parsed address.
type Addr struct {
	Scheme Scheme
	Path   string // Device, PTY and Unix; may be empty for PTY when listening
	Host   string // TCP and RFC2217; empty means all interfaces
	Port   int    // TCP and RFC2217, 0 to 65535; 0 means any free port when listening
}

// ParseAddr parses an address in the form that [Open] and [Listen] accept. Errors are
// [ErrAddress].
func ParseAddr(s string) (Addr, error) {
	scheme, rest, found := strings.Cut(s, ":")
	switch {
	case s == "":
		return Addr{}, addrError(s, "empty; want "+addressForms)
	case strings.ContainsRune(s, 0):
		return Addr{}, addrError(s, "contains a NUL byte")
	case !found, strings.ContainsAny(scheme, `/\`), isDriveLetter(scheme):
		// Paths below /dev/serial/by-path contain colons, so check the part before the
		// colon.
		return Addr{Scheme: Device, Path: s}, nil
	}
	switch Scheme(scheme) {
	case PTY:
		return Addr{Scheme: PTY, Path: rest}, nil
	case Unix:
		if rest == "" {
			return Addr{}, addrError(s, "the path is missing; want unix:PATH")
		}
		if len(rest) > maxSocketPath {
			return Addr{}, addrError(s, fmt.Sprintf("the path has %d bytes; a Unix socket allows at most %d", len(rest), maxSocketPath))
		}
		return Addr{Scheme: Unix, Path: rest}, nil
	case TCP:
		if strings.HasPrefix(rest, "//") {
			return Addr{}, addrError(s, "want tcp:HOST:PORT, without slashes")
		}
		return parseHostPort(s, TCP, rest, "tcp:HOST:PORT")
	case RFC2217:
		hostPort, ok := strings.CutPrefix(rest, "//")
		if !ok {
			return Addr{}, addrError(s, "want rfc2217://HOST:PORT, with slashes")
		}
		if strings.ContainsAny(hostPort, "?#@") {
			return Addr{}, addrError(s, "want rfc2217://HOST:PORT and nothing else")
		}
		return parseHostPort(s, RFC2217, strings.TrimSuffix(hostPort, "/"), "rfc2217://HOST:PORT")
	}
	return Addr{}, addrError(s, fmt.Sprintf("unknown scheme %q; want %s", scheme, addressForms))
}

// maxSocketPath is the size of sun_path on Linux without its NUL. Other systems have a
// smaller limit and report it themselves.
const maxSocketPath = 107

func parseHostPort(s string, scheme Scheme, hostPort, form string) (Addr, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		reason := err.Error()
		if ae, ok := err.(*net.AddrError); ok {
			reason = ae.Err
		}
		return Addr{}, addrError(s, reason+"; want "+form)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Addr{}, addrError(s, fmt.Sprintf("port %q is not a number from 0 to 65535; want %s", port, form))
	}
	if strings.ContainsAny(host, "/ ") {
		return Addr{}, addrError(s, fmt.Sprintf("%q is not a host name; want %s", host, form))
	}
	return Addr{Scheme: scheme, Host: host, Port: int(number)}, nil
}

// isDriveLetter reports whether s is a drive letter: a Windows path such as C:/dev has
// no scheme.
func isDriveLetter(s string) bool {
	return len(s) == 1 && (s[0]|0x20) >= 'a' && (s[0]|0x20) <= 'z'
}

// String returns the address in the form that [ParseAddr] parses.
func (a Addr) String() string {
	switch a.Scheme {
	case Device:
		return a.Path
	case TCP:
		return "tcp:" + a.hostPort()
	case RFC2217:
		return "rfc2217://" + a.hostPort()
	}
	return string(a.Scheme) + ":" + a.Path
}

func (a Addr) hostPort() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

func addrError(addr, reason string) error {
	return &OpError{Op: "parsing address", Addr: strconv.Quote(addr), Err: fmt.Errorf("%w: %s", ErrAddress, reason)}
}
