// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func list() ([]USBPort, error) { return listFrom("/sys") }

// listFrom walks root/class/tty. It omits devices that are not on USB or are unplugged
// during the walk.
func listFrom(root string) ([]USBPort, error) {
	dir := filepath.Join(root, "class", "tty")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a container without sysfs has no ports
	}
	if err != nil {
		return nil, fmt.Errorf("listing USB serial ports: %w", err)
	}
	var ports []USBPort
	for _, e := range entries {
		if p, ok := describe(filepath.Join(dir, e.Name(), "device")); ok {
			p.Path = "/dev/" + e.Name()
			ports = append(ports, p)
		}
	}
	slices.SortFunc(ports, func(a, b USBPort) int { return comparePaths(a.Path, b.Path) })
	return ports, nil
}

// describe follows the device link of a tty. It leads to the USB interface (cdc_acm) or
// to a directory below it (usb-serial):
//
//	…/1-1.4/idVendor                        the USB device
//	…/1-1.4/1-1.4:1.0/bInterfaceNumber      the interface    ttyACM0/device → here
//	…/1-1.4/1-1.4:1.0/ttyUSB0               the port         ttyUSB0/device → here
func describe(link string) (USBPort, bool) {
	dir, err := filepath.EvalSymlinks(link)
	if err != nil {
		return USBPort{}, false
	}
	number, ok := attribute(dir, "bInterfaceNumber")
	if !ok {
		dir = filepath.Dir(dir)
		if number, ok = attribute(dir, "bInterfaceNumber"); !ok {
			return USBPort{}, false
		}
	}
	device := filepath.Dir(dir)
	vid, okVID := attribute(device, "idVendor")
	pid, okPID := attribute(device, "idProduct")
	n, err := strconv.ParseUint(number, 16, 8)
	if !okVID || !okPID || err != nil {
		return USBPort{}, false
	}
	p := USBPort{VID: strings.ToUpper(vid), PID: strings.ToUpper(pid), Interface: int(n), USBPath: filepath.Base(dir)}
	p.SerialNumber, _ = attribute(device, "serial")
	p.Manufacturer, _ = attribute(device, "manufacturer")
	p.Product, _ = attribute(device, "product")
	return p, true
}

func attribute(dir, name string) (string, bool) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	return strings.TrimSpace(string(b)), err == nil
}

// comparePaths sorts ttyACM10 after ttyACM9.
func comparePaths(a, b string) int {
	nameA, numberA := splitNumber(a)
	nameB, numberB := splitNumber(b)
	return cmp.Or(cmp.Compare(nameA, nameB), cmp.Compare(numberA, numberB))
}

func splitNumber(s string) (string, int) {
	name := strings.TrimRight(s, "0123456789")
	n, _ := strconv.Atoi(s[len(name):]) // zero if there are no digits
	return name, n
}
