// SPDX-License-Identifier: Apache-2.0

package serialproto

import "encoding/binary"

// HeaderSize is the length of an SMP header in bytes.
const HeaderSize = 8

// Header is an SMP header (Zephyr, "SMP Protocol Specification"):
//
//	byte 0   bits 7-5 reserved | bits 4-3 version | bits 2-0 operation
//	byte 1   flags, 0
//	byte 2-3 length of the body, big-endian
//	byte 4-5 group, big-endian
//	byte 6   sequence number: a response repeats its request's
//	byte 7   command
type Header struct {
	Version uint8 // 0: SMP version 1, 1: version 2, 2 and 3: reserved
	Op      Op
	Flags   uint8
	Length  uint16
	Group   Group
	Seq     uint8
	Command uint8
}

// The versions of SMP, as encoded in the header.
const (
	Version1 = 0 // errors are {"rc": n}
	Version2 = 1 // errors of a group are {"err": {"group": g, "rc": n}}
)

// Op is the operation of a message. A response has the operation of its request plus
// one.
type Op uint8

// The operations.
const (
	OpRead Op = iota
	OpReadResponse
	OpWrite
	OpWriteResponse
)

// Group is an SMP management group.
type Group uint16

// The groups that a token supports. Numbers from 64 on are for applications.
const (
	GroupOS    Group = 0
	GroupEnum  Group = 10
	GroupToken Group = 64
	GroupRig   Group = 65 // only in a device with a rig
)

// Append appends the header's 8 bytes.
func (h Header) Append(dst []byte) []byte {
	dst = append(dst, h.Version<<3|uint8(h.Op), h.Flags)
	dst = binary.BigEndian.AppendUint16(dst, h.Length)
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Group))
	return append(dst, h.Seq, h.Command)
}

// ParseHeader parses the header at the start of p. It fails if p is shorter than a
// header or a reserved bit is set.
func ParseHeader(p []byte) (h Header, ok bool) {
	if len(p) < HeaderSize || p[0]&0xE0 != 0 {
		return Header{}, false
	}
	return Header{
		Version: p[0] >> 3 & 3,
		Op:      Op(p[0] & 7),
		Flags:   p[1],
		Length:  binary.BigEndian.Uint16(p[2:]),
		Group:   Group(binary.BigEndian.Uint16(p[4:])),
		Seq:     p[6],
		Command: p[7],
	}, true
}

// Response returns the header of the answer to h, with a Length of 0. Its version is
// the version of h, or the newest that we support.
func (h Header) Response() Header {
	h.Version = min(h.Version, Version2)
	h.Op++
	h.Flags, h.Length = 0, 0
	return h
}
