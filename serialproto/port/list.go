// SPDX-License-Identifier: Apache-2.0

package port

// USBPort is a serial port on USB, as the kernel describes it.
type USBPort struct {
	Path         string // address for Open: /dev/ttyACM0
	VID, PID     string // four hex digits, upper case
	SerialNumber string // this and the next two may be empty
	Manufacturer string
	Product      string
	Interface    int    // number of the USB interface; a device may have several ports
	USBPath      string // location of the plug, "1-1.4:1.0"; does not change when it is replugged
}

// List returns the USB serial ports of this computer, sorted by Path. It opens
// no device: opening a port may reset the board behind it. On systems other than
// Linux it returns [ErrUnsupported].
func List() ([]USBPort, error) { return list() }
