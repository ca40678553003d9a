// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

const (
	// renewTime is the world's time in which the errors of clocks and the charges of
	// batteries hardly change.
	renewTime = time.Minute
	// renewEvery is the shortest time between two looks at all tokens with a fast clock.
	renewEvery = 3 * time.Second
)

// renewal is the time when a page looks again at tokens to which nothing has happened.
// Their clocks drift and their batteries run down all the same, without an entry of the log.
type renewal struct {
	next virtual.WorldTime // of the next look
}

// due reports whether it is time for a look: so much time has passed, or the world's clock
// was moved or changed. Entries are the new ones of the log.
func (r *renewal) due(w *virtual.World, entries []fleet.Entry) bool {
	c := w.Clock()
	if c.Now < r.next && !slices.ContainsFunc(entries, func(e fleet.Entry) bool { return e.Tag == 0 }) {
		return false
	}
	r.next = c.Now.Add(max(renewTime, time.Duration(c.Rate*float64(renewEvery))))
	return true
}
