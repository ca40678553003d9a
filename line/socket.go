// SPDX-License-Identifier: Apache-2.0

package line

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/port"
)

// Socket is a place where devices are plugged in.
type Socket struct {
	Name string // stays the same when a device is replugged: the USB path, or the address
	Addr string // at which the device that is plugged in now can be opened
}

// Finder finds the sockets that have a device. It does not open anything.
type Finder func() ([]Socket, error)

// Auto finds all USB serial ports. A socket is a USB path, because the name of a port
// changes when several devices are replugged.
func Auto() ([]Socket, error) {
	ports, err := port.List()
	if err != nil {
		return nil, err
	}
	var found []Socket
	for _, p := range ports {
		found = append(found, Socket{"usb " + p.USBPath, p.Path})
	}
	return found, nil
}

// ErrSocket is the error of a text that names no socket.
var ErrSocket = errclass.New(errclass.Usage, "bad port")

// Ports returns a Finder for addresses of package port. The path of a device, a
// pseudo-terminal or a Unix socket may be a pattern, such as /dev/ttyACM*, and is found
// while it exists. Other addresses are always found. Sockets are found in the order of the
// addresses. A pattern finds them in the order of their names.
func Ports(addrs ...string) (Finder, error) {
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w: no address was given", ErrSocket)
	}
	var parsed []port.Addr
	for i, text := range addrs {
		a, err := port.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		if _, err := filepath.Match(a.Path, ""); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrSocket, text, err)
		}
		if slices.Contains(addrs[:i], text) {
			return nil, fmt.Errorf("%w: %q was given twice", ErrSocket, text)
		}
		parsed = append(parsed, a)
	}
	return func() ([]Socket, error) {
		var found []Socket
		for _, a := range parsed {
			if !strings.ContainsRune(a.Path, filepath.Separator) { // TCP, or COM3
				found = append(found, Socket{a.String(), a.String()})
				continue
			}
			paths, err := filepath.Glob(a.Path)
			if err != nil {
				return nil, fmt.Errorf("%w: %q: %w", ErrSocket, a, err)
			}
			for _, p := range paths {
				if _, err := os.Stat(p); err != nil {
					continue // a link to a device that is gone
				}
				a.Path = p
				found = append(found, Socket{a.String(), a.String()})
			}
		}
		return unique(found), nil
	}, nil
}

// unique returns the sockets in their order, each once: two patterns may find the same.
func unique(all []Socket) (list []Socket) {
	for _, s := range all {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// Missing returns the paths in addresses without a pattern that do not exist now. A device may appear there later, or the address may be wrong.
func Missing(addrs ...string) (paths []string) {
	for _, text := range addrs {
		a, err := port.ParseAddr(text)
		if err != nil || !strings.ContainsRune(a.Path, filepath.Separator) || strings.ContainsAny(a.Path, `*?[\`) {
			continue
		}
		if _, err := os.Stat(a.Path); err != nil {
			paths = append(paths, a.Path)
		}
	}
	return paths
}
