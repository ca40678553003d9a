// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/binary"
	"time"
)

// PCAPNG returns recorded bytes as a pcapng file that Wireshark opens
// (draft-ietf-opsawg-pcapng). Each chunk is a packet of link type USER0. Its direction
// is in the packet's flags: inbound from the host, outbound from the token. The packet's
// time is the machine's, and its comment has the world's time.
func PCAPNG(name string, chunks []Chunk) []byte {
	const (
		sectionHeader  = 0x0A0D0D0A
		interfaceBlock = 1
		packetBlock    = 6
		user0          = 147
		optionName     = 2 // of an interface
		optionComment  = 1
		optionFlags    = 2 // of a packet
		inbound        = 1
		outbound       = 2
		microseconds   = 1000
	)
	le := binary.LittleEndian
	pad := func(b []byte) []byte {
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		return b
	}
	option := func(b []byte, code uint16, value []byte) []byte {
		b = le.AppendUint16(b, code)
		b = le.AppendUint16(b, uint16(len(value)))
		return pad(append(b, value...))
	}
	var file []byte
	block := func(kind uint32, body []byte) {
		total := uint32(12 + len(body))
		file = le.AppendUint32(file, kind)
		file = le.AppendUint32(file, total)
		file = append(file, body...)
		file = le.AppendUint32(file, total)
	}
	head := le.AppendUint32(nil, 0x1A2B3C4D) // byte order
	head = le.AppendUint16(head, 1)          // version 1.0
	head = le.AppendUint16(head, 0)
	head = le.AppendUint64(head, ^uint64(0)) // length unknown
	block(sectionHeader, head)

	port := le.AppendUint16(nil, user0)
	port = le.AppendUint16(port, 0)
	port = le.AppendUint32(port, 0) // no limit on a packet
	port = option(port, optionName, []byte(name))
	port = le.AppendUint32(port, 0) // end of options
	block(interfaceBlock, port)

	for _, c := range chunks {
		at := uint64(c.At.UnixNano() / microseconds)
		packet := le.AppendUint32(nil, 0) // the interface
		packet = le.AppendUint32(packet, uint32(at>>32))
		packet = le.AppendUint32(packet, uint32(at))
		packet = le.AppendUint32(packet, uint32(len(c.Data)))
		packet = le.AppendUint32(packet, uint32(len(c.Data)))
		packet = pad(append(packet, c.Data...))
		flags := uint32(inbound)
		if c.Sent {
			flags = outbound
		}
		packet = option(packet, optionComment, []byte("true_time "+c.World.Time().Format(time.RFC3339Nano)))
		packet = option(packet, optionFlags, le.AppendUint32(nil, flags))
		packet = le.AppendUint32(packet, 0)
		block(packetBlock, packet)
	}
	return file
}
