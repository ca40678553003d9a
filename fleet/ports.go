// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/d204ef64/fob/serialproto/port"
)

// Ports is the set of ports that each token of a fleet gets.
type Ports struct {
	PTY      bool   // a pseudo-terminal
	PTYDir   string // folder for a symbolic link fobN to each pseudo-terminal; "" for none
	TCP      string // HOST:PORT; token N listens on PORT+N, or each on a free port for PORT 0
	UnixDir  string // folder for the sockets fobN.sock; "" for none
	RFC2217  string // like TCP
	Password string // that hosts must send to use a socket; required beyond loopback

	// Devices are serial devices, such as /dev/ttyGS0. Token N answers on device N, to
	// the host at the other end of the cable.
	Devices []string
}

// Check checks the addresses for a fleet of n tokens. The error wraps port.ErrAddress,
// or ErrCount if the number of serial devices is not n.
func (p Ports) Check(n int) error {
	if err := p.checkDevices(n); err != nil {
		return err
	}
	var hosts []string
	var starts []int
	for _, addr := range []string{p.TCP, p.RFC2217} {
		if addr == "" {
			continue
		}
		host, number, err := net.SplitHostPort(addr)
		if err != nil {
			return fmt.Errorf("%w: %q: want HOST:PORT, such as 127.0.0.1:7000", port.ErrAddress, addr)
		}
		first, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return fmt.Errorf("%w: %q: the port must be 0 to 65535", port.ErrAddress, addr)
		}
		if first != 0 && int(first)+n-1 > 65535 {
			return fmt.Errorf("%w: %q: %d tokens need ports up to %d", port.ErrAddress, addr, n, int(first)+n-1)
		}
		hosts, starts = append(hosts, host), append(starts, int(first))
	}
	if len(starts) == 2 && hosts[0] == hosts[1] && starts[0] != 0 && starts[1] != 0 &&
		max(starts[0]-starts[1], starts[1]-starts[0]) < n {
		return fmt.Errorf("%w: the ports for %d tokens from %q and from %q overlap", port.ErrAddress, n, p.TCP, p.RFC2217)
	}
	return nil
}

// Listen opens the ports of token i. If it returns an error, no port is left open.
func (p Ports) Listen(i int) ([]port.Listener, error) {
	var open []port.Listener
	for _, addr := range p.addresses(i) {
		l, err := port.Listen(addr, p.options(addr)...)
		if err != nil {
			for _, l := range open {
				l.Close()
			}
			return nil, err
		}
		open = append(open, l)
	}
	return open, nil
}

func (p Ports) checkDevices(n int) error {
	if len(p.Devices) != 0 && len(p.Devices) != n {
		return fmt.Errorf("%w: %d, want %d: one for each serial device", ErrCount, n, len(p.Devices))
	}
	for i, path := range p.Devices {
		if a, err := port.ParseAddr(path); err != nil || a.Scheme != port.Device {
			return fmt.Errorf("%w: %q is not a serial device, want a path such as /dev/ttyGS0", port.ErrAddress, path)
		}
		for _, other := range p.Devices[:i] {
			if sameFile(path, other) {
				return fmt.Errorf("%w: %q and %q are the same serial device, which serves one token", port.ErrAddress, other, path)
			}
		}
	}
	return nil
}

// sameFile reports whether two paths lead to the same file, also through links.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// addresses returns the addresses on which token i listens.
func (p Ports) addresses(i int) []string {
	var addrs []string
	name := "fob" + strconv.Itoa(i)
	if p.PTY {
		link := ""
		if p.PTYDir != "" {
			link = filepath.Join(p.PTYDir, name)
		}
		addrs = append(addrs, "pty:"+link)
	}
	if i < len(p.Devices) { // Check has verified that there is one for each token
		addrs = append(addrs, p.Devices[i])
	}
	if p.UnixDir != "" {
		addrs = append(addrs, "unix:"+filepath.Join(p.UnixDir, name+".sock"))
	}
	if p.TCP != "" {
		addrs = append(addrs, "tcp:"+addPort(p.TCP, i))
	}
	if p.RFC2217 != "" {
		addrs = append(addrs, "rfc2217://"+addPort(p.RFC2217, i))
	}
	return addrs
}

// options returns the options for a port. Only sockets get the password: a terminal is
// protected by its file permissions, and a cable is under its owner's control.
func (p Ports) options(addr string) []port.Option {
	if p.Password == "" {
		return nil
	}
	if a, err := port.ParseAddr(addr); err == nil && (a.Scheme == port.PTY || a.Scheme == port.Device) {
		return nil
	}
	return []port.Option{port.WithPassword(p.Password)}
}

// addPort adds i to the port of addr, unless the port is 0.
func addPort(addr string, i int) string {
	host, number, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	n, err := strconv.Atoi(number)
	if err != nil || n == 0 {
		return addr
	}
	return net.JoinHostPort(host, strconv.Itoa(n+i))
}
