// SPDX-License-Identifier: Apache-2.0

// Package ring is a queue of bytes between an interrupt and a program. It does
// not lock: the program disables interrupts around each call.
package ring

// Size is the capacity of a queue in bytes. The longest packet of the protocol is 512
// bytes; in lines of base64 it takes 702 bytes on the wire.
const Size = 1024

// Queue is a first-in, first-out queue. The zero value is empty.
type Queue struct {
	bytes [Size]byte
	start int // index of the oldest byte
	used  int
}

// Len returns the number of bytes in the queue.
func (q *Queue) Len() int { return q.used }

// Free returns the number of bytes that the queue has room for.
func (q *Queue) Free() int { return Size - q.used }

// Put appends as much of p as fits, and returns the number of bytes appended.
func (q *Queue) Put(p []byte) int {
	p = p[:min(len(p), q.Free())]
	end := (q.start + q.used) % Size
	n := copy(q.bytes[end:], p)
	copy(q.bytes[:], p[n:])
	q.used += len(p)
	return len(p)
}

// Get moves the oldest bytes into p, and returns their number.
func (q *Queue) Get(p []byte) int {
	p = p[:min(len(p), q.used)]
	n := copy(p, q.bytes[q.start:])
	copy(p[n:], q.bytes[:])
	q.start = (q.start + len(p)) % Size
	q.used -= len(p)
	return len(p)
}

// Clear empties the queue.
func (q *Queue) Clear() { q.start, q.used = 0, 0 }
