// SPDX-License-Identifier: Apache-2.0

// Package ring is a queue of bytes between an interrupt and a program. It does
// not lock: the program disables interrupts around each call.
package ring

// Size is how many bytes a queue holds. The longest packet of the protocol, 512
// bytes in lines of base64, takes 702 on the wire.
const Size = 1024

// Queue is first in, first out. The zero value is empty.
type Queue struct {
	bytes [Size]byte
	start int // of what is in it
	used  int
}

// Len returns how many bytes are in it.
func (q *Queue) Len() int { return q.used }

// Free returns how many more it takes.
func (q *Queue) Free() int { return Size - q.used }

// Put appends of p what fits, and returns how much that was.
func (q *Queue) Put(p []byte) int {
	p = p[:min(len(p), q.Free())]
	end := (q.start + q.used) % Size
	n := copy(q.bytes[end:], p)
	copy(q.bytes[:], p[n:])
	q.used += len(p)
	return len(p)
}

// Get moves the oldest bytes into p, and returns how many.
func (q *Queue) Get(p []byte) int {
	p = p[:min(len(p), q.used)]
	n := copy(p, q.bytes[q.start:])
	copy(p[n:], q.bytes[:])
	q.start = (q.start + len(p)) % Size
	q.used -= len(p)
	return len(p)
}

// Clear empties it.
func (q *Queue) Clear() { q.start, q.used = 0, 0 }
