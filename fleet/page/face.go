// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/hex"
	"math"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// face is a token on the wall, at one instant.
type face struct {
	Tag     uint32            `json:"tag"`
	ID      string            `json:"id"` // hardware id
	Serial  string            `json:"serial"`
	Lot     string            `json:"lot"`
	Model   string            `json:"model"`
	State   string            `json:"state"`
	Faults  []fleet.FaultKind `json:"faults"`
	Battery float64           `json:"battery"` // share that is left, in whole percents, rounded down
	Button  bool              `json:"button"`  // it has one

	// The display, segment by segment.
	Text     string             `json:"text"`   // as a person reads it
	On       bool               `json:"on"`     // a person can read something
	Digits   []int              `json:"digits"` // segments gfedcba, a in bit 0
	Bars     uint8              `json:"bars"`
	Icons    uint8              `json:"icons"`
	Contrast float64            `json:"contrast"`
	Haze     float64            `json:"haze"`
	Black    bool               `json:"black,omitempty"`
	Fade     map[string]float64 `json:"fade,omitempty"`

	At      int64  `json:"at"`       // the world's time of the face, Unix ms
	LeftMS  int64  `json:"left_ms"`  // of the time step, by the token's clock; 0 without a step
	StepMS  int64  `json:"step_ms"`  // length of the step; 0 without one
	ErrorMS *int64 `json:"error_ms"` // how far the token's clock is ahead; null if it is not set

	ends virtual.WorldTime // of the step
	next virtual.WorldTime // when the display changes by itself
}

// faceOf returns the face of a token.
func faceOf(m fleet.Member, st fleet.State) face {
	id := m.Token.HardwareID()
	model := m.Token.Model()
	f := face{
		Tag: m.Tag(), ID: hex.EncodeToString(id[:]), Serial: st.Serial.String(), Lot: m.Lot(), Model: model.Name,
		State: st.State.String(), Faults: append([]fleet.FaultKind{}, m.Faults(st)...),
		Battery: float64(fleet.Percent(st.Battery)) / 100, Button: model.Profile().Behaviour.Button,
		Text: st.Text, Bars: st.View.Lit.Bars,
		Icons: uint8(st.View.Lit.Icons), Contrast: round(st.View.Contrast), Haze: round(st.View.Haze), Black: st.View.Black, Fade: st.View.Fade,
		At: st.World.Time().UnixMilli(), ends: st.StepEnds, next: st.Next,
	}
	lit := st.View.Lit.Bars | uint8(st.View.Lit.Icons)
	for _, bits := range st.View.Lit.Digits[:st.View.Digits] {
		f.Digits = append(f.Digits, int(bits))
		lit |= bits
	}
	f.On = lit != 0 && st.View.Readable()
	if st.CodeLen > 0 {
		f.LeftMS, f.StepMS = st.Left.Milliseconds(), m.StepLength().Milliseconds()
	}
	if st.ClockSet {
		ms := st.Error.Milliseconds()
		f.ErrorMS = &ms
	}
	return f
}

// round rounds a darkness to a difference that cannot be seen.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// clockBadge returns the error of the clock as the badge on the wall has it: in whole days,
// hours or minutes, and nothing below a minute.
func (f *face) clockBadge() time.Duration {
	if f.ErrorMS == nil {
		return 0
	}
	d := time.Duration(*f.ErrorMS) * time.Millisecond
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d.Abs() >= unit {
			return d.Truncate(unit)
		}
	}
	return 0
}

// looksLike reports whether a person sees the same on both faces, and the countdown of
// the older one goes on to be right.
func (f *face) looksLike(old *face) bool {
	same := len(f.Digits) == len(old.Digits) && len(f.Fade) == len(old.Fade) && len(f.Faults) == len(old.Faults)
	for i := 0; same && i < len(f.Digits); i++ {
		same = f.Digits[i] == old.Digits[i]
	}
	for name, share := range f.Fade {
		same = same && old.Fade[name] == share
	}
	for i := 0; same && i < len(f.Faults); i++ {
		same = f.Faults[i] == old.Faults[i]
	}
	return same && f.Text == old.Text && f.Bars == old.Bars && f.Icons == old.Icons && f.Contrast == old.Contrast &&
		f.Haze == old.Haze && f.Black == old.Black && f.State == old.State && f.Serial == old.Serial && f.Battery == old.Battery &&
		f.clockBadge() == old.clockBadge() && (f.ends == old.ends || !f.On && !old.On) // a dark display has no countdown
}
