// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"fmt"
	"math"
	"time"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/picture"
)

// glance is how long a look at the display takes. A change that takes no longer is seen
// as immediate.
const glance = 300 * time.Millisecond

// ResponseTime returns how long a segment needs at t for 90 % of a change: 0.1 s at 25
// °C, and twice as long for each 10 °C colder. This gives 4.5 s at -30 °C. Focus LCDs
// ("What happens to the LCD in cold temperatures") measured 3.5 s for a segment that
// goes off at -30 °C, and more for one that comes on.
func ResponseTime(t Celsius) time.Duration {
	return time.Duration(float64(100*time.Millisecond) * exp2(float64(RoomTemperature-clampCelsius(t))/10))
}

// fadeTime returns the time constant of a segment's visible change at t, 0 if it is
// immediate.
func fadeTime(t Celsius) time.Duration {
	return time.Duration(float64(max(ResponseTime(t)-glance, 0)) / math.Ln10)
}

// fadeMemory is the number of time constants after which nothing of an earlier frame is
// visible.
const fadeMemory = 20

// litFrom is the share from which a segment counts as lit: half, in whole percents.
const litFrom = 0.495

// Fade is the state of an LCD whose segments are changing: the share of its full
// darkness that each segment had at an instant.
type Fade struct {
	At    WorldTime                 `json:"at"`
	Share [picture.Segments]float64 `json:"share"` // 0 (off) to 1 (on), in the order of picture.SegmentName
}

// ErrSegment is the error of a name that no segment has.
var ErrSegment = errclass.New(errclass.Usage, "no such segment")

// ParseSegments returns the segments with the given names, as in [View.SVG]: d0.a for
// segment a of the leftmost digit, to d7.g; bar0 for the lowest bar, to bar5; tick; batt.
// Not every display has eight digits: see [Model.ParseSegments]. The error of an
// unknown name wraps [ErrSegment].
func ParseSegments(names ...string) (Segments, error) { return parseSegments(8, names) }

// ParseSegments is like the function of this name, for the display of the model.
func (m *Model) ParseSegments(names ...string) (Segments, error) {
	return parseSegments(m.Digits, names)
}

func parseSegments(digits int, names []string) (s Segments, err error) {
	for _, name := range names {
		i := 0
		for i < picture.Segments && picture.SegmentName(i) != name {
			i++
		}
		switch {
		case i == picture.Segments, i < 56 && i/7 >= digits:
			return Segments{}, fmt.Errorf("%w: %q, want d0.a to d%d.g, bar0 to bar5, tick or batt", ErrSegment, name, digits-1)
		case s.has(i):
			return Segments{}, errclass.With(errclass.Usage, fmt.Errorf("segment %s is given twice", name))
		}
		s.set(i, true)
	}
	return s, nil
}

// Names returns the names of the segments, as [ParseSegments] reads them.
func (s Segments) Names() []string {
	names := []string{}
	for i := range picture.Segments {
		if s.has(i) {
			names = append(names, picture.SegmentName(i))
		}
	}
	return names
}

// has reports whether segment i is in s.
func (s Segments) has(i int) bool {
	switch {
	case i < 56:
		return s.Digits[i/7]>>(i%7)&1 != 0
	case i < 62:
		return s.Bars>>(i-56)&1 != 0
	default:
		return s.Icons>>(i-62)&1 != 0
	}
}

// set adds segment i to s or removes it.
func (s *Segments) set(i int, on bool) {
	put := func(b *uint8, bit int) {
		*b &^= 1 << bit
		if on {
			*b |= 1 << bit
		}
	}
	switch {
	case i < 56:
		put(&s.Digits[i/7], i%7)
	case i < 62:
		put(&s.Bars, i-56)
	default:
		put((*uint8)(&s.Icons), i-62)
	}
}

// ShowAt drives the segments of f from w on, at temperature t. Segments change slowly
// in the cold: see [ResponseTime].
func (l *LCD) ShowAt(w WorldTime, t Celsius, f firmware.Frame) {
	l.Settle(w, t)
	if l.Fade == nil && f != l.Driven && fadeTime(t) > 0 {
		now := l.driven()
		l.Fade = &Fade{At: w}
		for i := range l.Fade.Share {
			if now.has(i) {
				l.Fade.Share[i] = 1
			}
		}
	}
	l.Driven = f
}

// Settle lets the segments change until w, at the temperature t that the LCD has had
// since the last call.
func (l *LCD) Settle(w WorldTime, t Celsius) {
	f := l.Fade
	if f == nil {
		return
	}
	left := 0.0 // the remaining share of a difference from the driven frame
	if tau := fadeTime(t); tau > 0 {
		left = exp(-max(float64(w)-float64(f.At), 0) / float64(tau))
	}
	f.At = max(f.At, w)
	driven, done := l.driven(), true
	for i, share := range f.Share {
		target := 0.0
		if driven.has(i) {
			target = 1
		}
		share = target + mul(share-target, left)
		f.Share[i] = share
		done = done && math.Abs(share-target) < 1e-6
	}
	if done {
		l.Fade = nil
	}
}

// turns returns when the first segment of a digit that changes slowly at temperature t
// comes to count as lit or as unlit, shortly after the last call of Settle or later. It
// returns [Forever] if none will.
func (l *LCD) turns(t Celsius) WorldTime {
	f, next, tau := l.Fade, Forever, fadeTime(t)
	if f == nil {
		return next
	}
	const margin = time.Microsecond // for rounding
	driven := l.driven()
	for i, share := range f.Share[:picture.DigitSegments] {
		far, near := share, litFrom // the distances from the driven state, now and then
		if driven.has(i) {
			far, near = 1-share, 1-litFrom
		}
		if far > near {
			next = min(next, f.At.Add(time.Duration(mul(float64(tau), log1p(far/near-1)))+margin))
		}
	}
	return next
}

// fade adds slowly changing segments to the view. Lit gets those that are at least half
// on.
func (v *View) fade(f *Fade) {
	if f == nil {
		return
	}
	for i, share := range f.Share {
		share = math.Round(share*100) / 100
		v.Lit.set(i, share >= 0.5)
		if share > 0 && share < 1 {
			if v.Fade == nil {
				v.Fade = make(map[string]float64)
			}
			v.Fade[picture.SegmentName(i)] = share
		}
	}
}

// dropFade removes segments from Fade.
func (v *View) dropFade(s Segments) {
	for i := range picture.Segments {
		if s.has(i) {
			delete(v.Fade, picture.SegmentName(i))
		}
	}
	if len(v.Fade) == 0 {
		v.Fade = nil
	}
}
