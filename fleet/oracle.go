// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrWindow is the error of a search window that is negative or too large.
var ErrWindow = errclass.New(errclass.Usage, "invalid window")

// MaxWindow is the largest number of steps that [Member.Oracle] searches each way: a
// year of 60 s.
const MaxWindow = 366 * 24 * 60

// Verdict is the result of [Member.Oracle].
type Verdict struct {
	State        // of the token
	Found  bool  // the code belongs to a step in the searched range
	Offset int64 // steps of the code after the step of the world's time; negative: before
	Token  int64 // the same, after the step of the token's time
	Step   int64 // the step itself
	Fits   bool  // a server with correct time and the window would find the code
}

// Oracle finds the step to which a code belongs. It looks up to search steps before and
// after the step of the world's time, and chooses the nearest match. window is the number
// of steps that a server accepts each way. The error wraps [ErrWindow] or [ErrNoCode].
func (m Member) Oracle(code string, search, window int) (Verdict, error) {
	if search < 0 || search > MaxWindow || window < 0 || window > MaxWindow {
		return Verdict{}, fmt.Errorf("%w: %d and %d steps, want 0 to %d", ErrWindow, search, window, MaxWindow)
	}
	seed, p := m.Token.Secrets()
	defer seed.Destroy()
	if seed.Len() == 0 {
		return Verdict{}, fmt.Errorf("%w: it has no seed", ErrNoCode)
	}
	v := Verdict{State: m.Look()}
	now := p.StepAtMilli(v.World.Milli())
	key := seed.Bytes()
	defer clear(key)
	var buf [token.MaxDigits]byte
	is := func(step int64) bool {
		return step >= 0 && string(token.AppendCode(buf[:0], key, p.Algorithm, p.Digits, step)) == code
	}
	for d := int64(0); d <= int64(max(search, window)) && !v.Found; d++ {
		for _, offset := range []int64{d, -d} {
			if is(now + offset) {
				v.Found, v.Offset, v.Step = true, offset, now+offset
				break
			}
		}
	}
	if v.Found {
		v.Token = v.Step - v.State.Step
		v.Fits = max(v.Offset, -v.Offset) <= int64(window)
	}
	return v, nil
}

// codeAt returns the code of a step, "" if the token has no seed or no such step.
func (m Member) codeAt(step int64) string {
	seed, p := m.Token.Secrets()
	defer seed.Destroy()
	if seed.Len() == 0 || step < 0 {
		return ""
	}
	key := seed.Bytes()
	defer clear(key)
	return string(token.AppendCode(nil, key, p.Algorithm, p.Digits, step))
}
