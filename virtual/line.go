// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math/rand/v2"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrUnplugged is the error of a line whose cable has been pulled out.
var ErrUnplugged = errclass.New(errclass.Unreachable, "line: unplugged")

// LineFaults are the faults of one direction of a serial line. Rates are probabilities
// for each byte, 0 to 1. The zero value is a perfect line.
type LineFaults struct {
	Seed   uint64  `json:"seed"`             // the same seed and the same bytes give the same faults
	Flip   float64 `json:"flip,omitempty"`   // one bit of the byte is inverted
	Drop   float64 `json:"drop,omitempty"`   // the byte is lost
	Double float64 `json:"double,omitempty"` // the byte arrives twice
	Insert float64 `json:"insert,omitempty"` // a random byte arrives before this one

	StallAt int           `json:"stallAt,omitempty"` // before the n-th byte (1 = the first) the line stops for Stall; 0: never
	Stall   time.Duration `json:"stall,omitempty"`

	Unplug int `json:"unplug,omitempty"` // the cable is pulled out after n bytes; 0: never

	Baud int `json:"baud,omitempty"` // bit/s, 8N1: 10 bits a byte; 0: no limit
}

// ByteTime returns how long one byte takes on the line: 10 bits, rounded up to a
// nanosecond. It is 0 if Baud is 0 or less.
func (f LineFaults) ByteTime() time.Duration {
	if f.Baud <= 0 {
		return 0
	}
	return (10*time.Second + time.Duration(f.Baud) - 1) / time.Duration(f.Baud)
}

// LineNoise carries the bytes of one direction over a faulty line. The result depends
// only on the faults and on the bytes so far, not on how the bytes are divided between
// calls. The zero value is a perfect line. All state is in the exported fields, which
// allows snapshots. A LineNoise is not safe for concurrent use.
type LineNoise struct {
	Faults LineFaults `json:"faults"`
	Count  int        `json:"count"` // bytes put in so far
	FreeAt WorldTime  `json:"freeAt"`
}

// NewLineNoise returns a line with the given faults on which no byte has been sent.
func NewLineNoise(f LineFaults) *LineNoise { return &LineNoise{Faults: f} }

// Append appends to dst the bytes that arrive when src is sent. After the cable has
// been pulled out it returns [ErrUnplugged], together with the bytes that arrived
// before.
func (n *LineNoise) Append(dst, src []byte) ([]byte, error) {
	f := &n.Faults
	for _, b := range src {
		if n.Unplugged() {
			return dst, ErrUnplugged
		}
		n.Count++
		if f.Flip <= 0 && f.Drop <= 0 && f.Double <= 0 && f.Insert <= 0 {
			dst = append(dst, b)
			continue
		}
		// Each byte has its own random source. Faults then depend only on the byte's
		// position.
		r := rand.New(rand.NewPCG(f.Seed, uint64(n.Count)))
		insert, drop, flip, double := r.Float64(), r.Float64(), r.Float64(), r.Float64()
		if insert < f.Insert {
			dst = append(dst, byte(r.Uint32()))
		}
		if drop < f.Drop {
			continue
		}
		if flip < f.Flip {
			b ^= 1 << r.IntN(8)
		}
		dst = append(dst, b)
		if double < f.Double {
			dst = append(dst, b)
		}
	}
	return dst, nil
}

// Unplugged reports whether the cable has been pulled out.
func (n *LineNoise) Unplugged() bool { return n.Faults.Unplug > 0 && n.Count >= n.Faults.Unplug }

// Pass returns when a byte sent at w arrives: after the bytes before it, a stall if one
// is due, and its own ten bits. Call it once for each byte, in order, before Append.
// Pass only computes the time and does not wait.
func (n *LineNoise) Pass(w WorldTime) WorldTime {
	at := max(w, n.FreeAt)
	if n.Faults.StallAt > 0 && n.Count+1 == n.Faults.StallAt {
		at = at.Add(max(n.Faults.Stall, 0))
	}
	n.FreeAt = at.Add(n.Faults.ByteTime())
	return n.FreeAt
}
