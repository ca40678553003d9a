// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"context"
	"sync"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

// device is a token in the hands of the operators. One operator at a time has it.
type device struct {
	number int // 1 is the first
	member fleet.Member
	fault  Fault
	struck bool // the fault has happened
	avoid  int  // number of the socket into which it must not go next; 0: any
	tries  int  // insertions without a final result

	passes, known int // how often the display showed it
	outcome       Outcome
	bin           journal.Bin
	reason        string // the last one
	serial        string
}

// maxTries is how often an operator inserts a token that gets no final result.
const maxTries = 10

// note notes a result that the station shows.
func (d *device) note(e line.Event) {
	if e.Serial != "" {
		d.serial = e.Serial
	}
	switch {
	case e.LabelTaken: // the pass was noted before
	case e.Result == line.Known:
		d.known++
	case e.Result == line.Pass:
		d.passes++
		d.outcome, d.bin, d.reason = Made, "", ""
	case e.Bin == "":
		d.reason = e.Reason
	case e.State == journal.Void:
		d.outcome, d.bin, d.reason = Voided, e.Bin, e.Reason
	default:
		d.outcome, d.bin, d.reason = Refused, e.Bin, e.Reason
	}
}

// box has the tokens that wait for an operator.
type box struct {
	mu        sync.Mutex
	changed   *sync.Cond
	devices   []*device
	taken     int // tokens that operators have in hand
	operators int
}

func newBox(operators int) *box {
	b := &box{operators: operators}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// take returns the next token for a socket, or nil when no token is left or ctx has ended.
func (b *box) take(ctx context.Context, socket int) *device {
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changed.Broadcast()
	})
	defer stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for ctx.Err() == nil {
		for i, d := range b.devices {
			if d.avoid == socket && b.operators > 1 {
				continue
			}
			b.devices = append(b.devices[:i], b.devices[i+1:]...)
			b.taken++
			d.avoid = 0
			return d
		}
		if b.taken == 0 {
			return nil
		}
		b.changed.Wait()
	}
	return nil
}

// put takes a token from an operator. A token that must be inserted again is the next.
func (b *box) put(d *device, again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken--
	if again {
		b.devices = append([]*device{d}, b.devices...)
	}
	b.changed.Broadcast()
}
