// SPDX-License-Identifier: Apache-2.0

package port

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeSysfs builds a tree like a kernel's. The map gives the content of files, and the
// target of links after "->".
func fakeSysfs(t *testing.T, entries map[string]string) string {
	root := t.TempDir()
	for name, content := range entries {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if target, ok := strings.CutPrefix(content, "->"); ok {
			require.NoError(t, os.Symlink(target, path))
		} else {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		}
	}
	return root
}

func TestListFrom(t *testing.T) {
	const (
		hub  = "devices/pci0000:00/0000:00:14.0/usb1/1-1/"
		acm  = hub + "1-1.4/"
		ftdi = hub + "1-1.2/"
	)
	root := fakeSysfs(t, map[string]string{
		// A board with two CDC ports: tty/device leads to the interface.
		acm + "idVendor": "2e8a\n", acm + "idProduct": "000a\n", acm + "serial": "E660C0D1\n",
		acm + "manufacturer": "Raspberry Pi\n", acm + "product": "Pico\n",
		acm + "1-1.4:1.0/bInterfaceNumber":    "00\n",
		acm + "1-1.4:1.0/tty/ttyACM10/device": "->../../../1-1.4:1.0",
		acm + "1-1.4:1.2/bInterfaceNumber":    "0a\n",
		acm + "1-1.4:1.2/tty/ttyACM9/device":  "->../../../1-1.4:1.2",
		"class/tty/ttyACM10":                  "->../../" + acm + "1-1.4:1.0/tty/ttyACM10",
		"class/tty/ttyACM9":                   "->../../" + acm + "1-1.4:1.2/tty/ttyACM9",
		// usb-serial: tty/device leads to a directory below the interface.
		ftdi + "idVendor": "0403\n", ftdi + "idProduct": "6001\n",
		ftdi + "1-1.2:1.0/bInterfaceNumber":           "00\n",
		ftdi + "1-1.2:1.0/ttyUSB0/tty/ttyUSB0/device": "->../../../ttyUSB0",
		"class/tty/ttyUSB0":                           "->../../" + ftdi + "1-1.2:1.0/ttyUSB0/tty/ttyUSB0",
		// Not on USB.
		"devices/platform/serial8250/tty/ttyS0/device": "->../../../serial8250",
		"class/tty/ttyS0":              "->../../devices/platform/serial8250/tty/ttyS0",
		"devices/virtual/tty/tty1/dev": "4:1\n",
		"class/tty/tty1":               "->../../devices/virtual/tty/tty1",
		// Unplugged during the walk: first the whole tree, then only the attributes.
		"class/tty/ttyACM3":                        "->../../" + hub + "1-1.9/1-1.9:1.0/tty/ttyACM3",
		hub + "1-1.8/idVendor":                     "2e8a\n",
		hub + "1-1.8/1-1.8:1.0/bInterfaceNumber":   "00\n",
		hub + "1-1.8/1-1.8:1.0/tty/ttyACM4/device": "->../../../1-1.8:1.0",
		"class/tty/ttyACM4":                        "->../../" + hub + "1-1.8/1-1.8:1.0/tty/ttyACM4",
	})
	got, err := listFrom(root)
	require.NoError(t, err)
	pico := USBPort{VID: "2E8A", PID: "000A", SerialNumber: "E660C0D1", Manufacturer: "Raspberry Pi", Product: "Pico"}
	first, second := pico, pico
	first.Path, first.Interface, first.USBPath = "/dev/ttyACM9", 10, "1-1.4:1.2"
	second.Path, second.Interface, second.USBPath = "/dev/ttyACM10", 0, "1-1.4:1.0"
	require.Equal(t, []USBPort{first, second,
		{Path: "/dev/ttyUSB0", VID: "0403", PID: "6001", USBPath: "1-1.2:1.0"},
	}, got)
}

func TestListWithoutSysfs(t *testing.T) {
	got, err := listFrom(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, got)
	_, err = List()
	require.NoError(t, err)
}
