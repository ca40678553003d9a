// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/d204ef64/fob/virtual"
)

// never returns an error if a condition cannot come true. It wraps [ErrNever].
func (m Member) never(c Condition) error {
	if c.Event >= virtual.EventAdvance {
		return fmt.Errorf("%w: %s is an event of the world, and never of a token: read the log", ErrNever, c.Event)
	}
	if newest := m.fleet.log.Seq(); c.Event != 0 && c.After > newest {
		return fmt.Errorf("%w: there is no event %d yet, the newest is %d: is it the number of another fleet?", ErrNever, c.After, newest)
	}
	if c.Display == nil {
		return nil
	}
	digits := m.Token.Model().Digits
	if least := shortest(c.Display); least > digits {
		return fmt.Errorf("%w: %q needs %d characters, and the display has %d", ErrNever, c.Display, least, digits)
	}
	return nil
}

// shortest returns the least number of characters that an expression matches.
func shortest(e *regexp.Regexp) int {
	parsed, err := syntax.Parse(e.String(), syntax.Perl)
	if err != nil {
		return 0
	}
	return shortestOf(parsed)
}

// noMatch is the length of something that an expression never matches.
const noMatch = 1 << 16

func shortestOf(e *syntax.Regexp) (n int) {
	switch e.Op {
	case syntax.OpNoMatch:
		return noMatch
	case syntax.OpLiteral:
		return len(e.Rune)
	case syntax.OpCharClass:
		if len(e.Rune) == 0 {
			return noMatch
		}
		return 1
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortestOf(e.Sub[0])
	case syntax.OpRepeat:
		return e.Min * shortestOf(e.Sub[0])
	case syntax.OpConcat:
		for _, part := range e.Sub {
			n += shortestOf(part)
		}
	case syntax.OpAlternate:
		n = noMatch
		for _, part := range e.Sub {
			n = min(n, shortestOf(part))
		}
	}
	return n
}
