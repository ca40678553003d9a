// SPDX-License-Identifier: Apache-2.0

package serialproto

import (
	"encoding/base64"
	"encoding/binary"
)

// SMP over console (Zephyr, "SMP transport: UART/serial and console"):
//
//	line   = start base64(chunk) LF, at most 127 bytes
//	start  = 06 09 for a packet's first line, 04 14 for each continuation line
//	packet = the chunks together = length16 header body crc16
//
// length16 is the length of header, body and CRC, without itself. Both 16-bit numbers
// are big-endian.
const (
	firstStart0, firstStart1 = 0x06, 0x09
	nextStart0, nextStart1   = 0x04, 0x14

	// MaxLine is the length of the longest line in bytes, including its LF.
	MaxLine  = 127
	maxText  = 124 // base64 characters in a line
	maxChunk = 93  // bytes that these characters encode

	lengthSize = 2
	crcSize    = 2
)

// Sizes and limits of our own choice.
const (
	// BufferSize is the "buf_size" that a token reports: the length of the longest
	// packet in bytes, including length and CRC.
	BufferSize = 512

	// MaxMessage is the maximum length of header and body together, in bytes.
	MaxMessage = BufferSize - lengthSize - crcSize

	// PacketTimeout is how long a partial packet is kept after the last byte of its
	// lines, in milliseconds.
	PacketTimeout = 3000
)

// strict rejects base64 whose unused bits are not zero, so each packet has only one
// encoding.
var strict = base64.StdEncoding.Strict()

// FramingErrors counts the input that a device has discarded. The counters distinguish a silent
// line from a broken one.
type FramingErrors struct {
	Line    uint32 // lines that are too long, or cut off by the start of another line
	Base64  uint32 // lines that are not base64
	Stray   uint32 // continuation lines without a first line
	Size    uint32 // packets that are too long or too short, or do not match their length field
	CRC     uint32 // packets with a wrong CRC
	Header  uint32 // messages that are not requests, or whose body does not match the header's length
	Timeout uint32 // partial packets discarded after PacketTimeout
}

// Deframer finds packets in a stream of bytes. It skips everything between lines, and
// any start sequence begins a new line. It is therefore synchronised again at the next
// line, whatever came before. The zero value is ready to use.
type Deframer struct {
	FramingErrors FramingErrors

	text         [maxText]byte
	textN        int
	position     linePosition
	continuation bool // the current line is a continuation line
	packet       [BufferSize]byte
	have         int // bytes of the packet so far; 0: none
	want         int
	last         int64 // uptime of the last byte of a line
}

// linePosition is the deframer's position in a line.
type linePosition uint8

const (
	outside linePosition = iota
	afterFirst0
	afterNext0
	inside
)

// Feed processes one byte that arrived at the given uptime in milliseconds. If b
// completes a packet, it returns the packet's header and body, otherwise nil. The slice
// is valid until the next call.
func (d *Deframer) Feed(b byte, uptime int64) []byte {
	d.Expire(uptime)
	start := b == firstStart0 || b == nextStart0 // these are not base64 characters
	if start || d.position != outside {
		d.last = uptime // bytes between lines do not keep a packet alive
	}
	switch {
	case start:
		if d.position == inside {
			d.FramingErrors.Line++
			d.have = 0
		}
		d.position = afterFirst0
		if b == nextStart0 {
			d.position = afterNext0
		}
	case d.position == afterFirst0 && b == firstStart1, d.position == afterNext0 && b == nextStart1:
		d.continuation = b == nextStart1
		d.position, d.textN = inside, 0
	case d.position != inside:
		d.position = outside
	case b == '\n':
		d.position = outside
		return d.line()
	case b == '\r':
	case d.textN == maxText:
		d.FramingErrors.Line++
		d.position, d.have = outside, 0
	default:
		d.text[d.textN] = b
		d.textN++
	}
	return nil
}

// Expire discards a partial packet whose last byte is older than PacketTimeout.
func (d *Deframer) Expire(uptime int64) {
	if d.Partial() && uptime-d.last > PacketTimeout {
		d.FramingErrors.Timeout++
		d.position, d.have = outside, 0
	}
}

// InLine reports whether the last byte belongs to a line that is not complete.
func (d *Deframer) InLine() bool { return d.position != outside }

// Partial reports whether a line or packet is incomplete.
func (d *Deframer) Partial() bool { return d.position != outside || d.have > 0 }

// line processes a complete line, and returns the packet if it is complete.
func (d *Deframer) line() []byte {
	if !d.continuation && d.have > 0 { // the previous packet is incomplete
		d.FramingErrors.Size++
		d.have = 0
	}
	if d.continuation && d.have == 0 {
		d.FramingErrors.Stray++
		return nil
	}
	var chunk [maxChunk]byte
	n, err := strict.Decode(chunk[:], d.text[:d.textN])
	if err != nil {
		return d.discard(&d.FramingErrors.Base64)
	}
	if d.have == 0 {
		if n < lengthSize {
			return d.discard(&d.FramingErrors.Size)
		}
		d.want = lengthSize + int(binary.BigEndian.Uint16(chunk[:]))
	}
	if d.want < lengthSize+HeaderSize+crcSize || d.want > BufferSize || d.have+n > d.want {
		return d.discard(&d.FramingErrors.Size)
	}
	copy(d.packet[d.have:], chunk[:n])
	d.have += n
	if d.have < d.want {
		return nil
	}
	d.have = 0
	message := d.packet[lengthSize : d.want-crcSize]
	if CRC16(message) != binary.BigEndian.Uint16(d.packet[d.want-crcSize:]) {
		return d.discard(&d.FramingErrors.CRC)
	}
	return message
}

func (d *Deframer) discard(count *uint32) []byte {
	*count++
	d.have = 0
	return nil
}

// Framer divides a packet into lines. It holds the packet itself, so a device can build
// a message in place: write header and body to [Framer.Message], then call
// [Framer.Seal].
type Framer struct {
	packet [BufferSize]byte
	size   int
	sent   int
}

// Message returns the empty buffer for header and body, with capacity MaxMessage.
func (f *Framer) Message() []byte {
	return f.packet[lengthSize : lengthSize : lengthSize+MaxMessage]
}

// Seal adds length and CRC to a message of n bytes in the buffer.
func (f *Framer) Seal(n int) {
	body := f.packet[lengthSize : lengthSize+n]
	binary.BigEndian.PutUint16(f.packet[:], uint16(n+crcSize))
	binary.BigEndian.PutUint16(f.packet[lengthSize+n:], CRC16(body))
	f.size, f.sent = lengthSize+n+crcSize, 0
}

// AppendLine appends the packet's next line to dst. If no line is left, it returns dst
// unchanged. A line is at most MaxLine bytes.
func (f *Framer) AppendLine(dst []byte) []byte {
	if f.sent == f.size {
		return dst
	}
	chunk := f.packet[f.sent:min(f.size, f.sent+maxChunk)]
	if f.sent == 0 {
		dst = append(dst, firstStart0, firstStart1)
	} else {
		dst = append(dst, nextStart0, nextStart1)
	}
	dst = base64.StdEncoding.AppendEncode(dst, chunk)
	f.sent += len(chunk)
	return append(dst, '\n')
}

// AppendLines appends all of the packet's lines that are left to dst.
func (f *Framer) AppendLines(dst []byte) []byte {
	for f.sent != f.size {
		dst = f.AppendLine(dst)
	}
	return dst
}
