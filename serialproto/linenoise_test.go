// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// TestNoisyLine sends 200,000 messages over a line that changes, loses and inserts bytes.
// Every delivered message was sent, and every message that arrives intact is delivered,
// whatever came before it.
//
// A packet that is damaged in several places has a matching CRC by accident once in
// 2^16 times. At the highest rate, about 5,000 such packets get as far as the CRC, so
// with another seed one run in a dozen would let one pass. The CRC protects against
// noise; the seed of a token has a tag of 128 bits.
func TestNoisyLine(t *testing.T) {
	const messages = 200_000
	tests := []struct {
		rate    float64 // share of damaged bytes
		oneLine float64 // delivered share of one-line messages, measured with another implementation of the same framing
	}{{1e-4, 0.991}, {1e-3, 0.922}, {5e-3, 0.662}}
	for i, tt := range tests {
		t.Run(fmt.Sprint(tt.rate), func(t *testing.T) {
			t.Parallel()
			line := &noisyLine{random: rand.New(rand.NewPCG(1, uint64(i))), rate: tt.rate}
			line.schedule()
			sent, frames := noisyMessages(line.random)

			var d serialproto.Deframer
			var count, delivered [2]int // of all messages, and of those with one line
			for n := range messages {
				m, f := sent[n%len(sent)], frames[n%len(sent)]
				arriving, damaged := line.pass(f)
				got, wrong := 0, 0
				for _, b := range arriving {
					if x := d.Feed(b, 0); x == nil {
						continue
					} else if bytes.Equal(x, m) {
						got++
					} else {
						wrong++
					}
				}
				if wrong > 0 || got > 1 || !damaged && got == 0 {
					t.Fatalf("message %d: delivered intact %d times, wrongly %d times, damaged: %v", n, got, wrong, damaged)
				}
				class := 0
				if len(f) <= serialproto.MaxLine {
					class = 1
				}
				count[class]++
				delivered[class] += got
			}
			t.Logf("byte error rate %g: delivered %.1f %% of the one-line messages (expected: %.1f %%), %.1f %% of the longer; %+v",
				tt.rate, 100*float64(delivered[1])/float64(count[1]), 100*tt.oneLine,
				100*float64(delivered[0])/float64(count[0]), d.FramingErrors)
			require.InDelta(t, tt.oneLine, float64(delivered[1])/float64(count[1]), 0.03)
			errors := d.FramingErrors
			require.NotZero(t, min(errors.Line, errors.Base64, errors.Stray, errors.Size, errors.CRC), "a counter is 0: %+v", errors)
		})
	}
}

// noisyMessages returns messages of one line, 82 bytes long on average, and a message
// of two or three lines for every eleven of them. All are different.
func noisyMessages(random *rand.Rand) (messages, frames [][]byte) {
	for i := range 600 {
		n := 20 + random.IntN(70)
		if i%12 == 0 {
			n = 90 + random.IntN(180)
		}
		m := make([]byte, n)
		for j := range m {
			m[j] = byte(random.Uint32())
		}
		m[0], m[1] = byte(i>>8), byte(i)
		messages, frames = append(messages, m), append(frames, frame(m))
	}
	return messages, frames
}

// noisyLine damages single bytes, at distances with an exponential distribution.
type noisyLine struct {
	random *rand.Rand
	rate   float64
	until  int // undamaged bytes before the next damaged one
	buf    []byte
}

func (l *noisyLine) schedule() {
	l.until = int(math.Log(1-l.random.Float64()) / math.Log1p(-l.rate))
}

// pass sends a frame and returns the bytes that arrive.
func (l *noisyLine) pass(frame []byte) (arriving []byte, damaged bool) {
	if l.until >= len(frame) {
		l.until -= len(frame)
		return frame, false
	}
	l.buf = l.buf[:0]
	for l.until < len(frame) {
		l.buf = append(l.buf, frame[:l.until]...)
		b := frame[l.until]
		frame = frame[l.until+1:]
		switch l.random.IntN(3) {
		case 0:
			l.buf = append(l.buf, b^byte(1+l.random.IntN(255)))
		case 1: // lost
		case 2:
			l.buf = append(l.buf, byte(l.random.Uint32()), b)
		}
		l.schedule()
	}
	l.until -= len(frame)
	return append(l.buf, frame...), true
}
