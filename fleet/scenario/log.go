// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// eventLog follows the event log of a fleet and copies it to a file.
type eventLog struct {
	seq   uint64 // of the newest event that was read
	file  *os.File
	temp  bool              // the file is removed at the end
	hosts map[string]int    // open connections by token
	last  map[string]uint64 // number of the newest event by token and kind
}

// begin opens the file and skips the events before the scenario.
func (l *eventLog) begin(r *runner) (err error) {
	l.hosts, l.last = map[string]int{}, map[string]uint64{}
	if r.Events != "" {
		l.file, err = os.Create(r.Events)
	} else {
		l.file, err = os.CreateTemp("", "fob-events-")
		l.temp = true
	}
	if err != nil {
		return fmt.Errorf("writing the event log: %w", err)
	}
	if !r.Shared {
		return nil
	}
	var page struct {
		Seq uint64 `json:"seq"`
	}
	err = r.get("/v1/events?limit=1", &page)
	l.seq = page.Seq
	return err
}

// follow reads the events that have happened since the last call.
func (l *eventLog) follow(r *runner) error {
	const most = 10_000
	for {
		var page struct {
			Events  []json.RawMessage `json:"events"`
			Dropped uint64            `json:"dropped"`
			Oldest  uint64            `json:"oldest"`
		}
		if err := r.get("/v1/events?limit="+strconv.Itoa(most)+"&after_seq="+strconv.FormatUint(l.seq, 10), &page); err != nil {
			return fmt.Errorf("reading the event log: %w", err)
		}
		if page.Dropped > 0 {
			line := fmt.Appendf(nil, "{\"dropped\":%d,\"oldest\":%d}\n", page.Dropped, page.Oldest)
			if _, err := l.file.Write(line); err != nil {
				return fmt.Errorf("writing the event log: %w", err)
			}
		}
		for _, line := range page.Events {
			var e fleet.EventLine
			if err := json.Unmarshal(line, &e); err != nil {
				return fmt.Errorf("reading the event log: %w", err)
			}
			l.note(e)
			if _, err := l.file.Write(append(line, '\n')); err != nil {
				return fmt.Errorf("writing the event log: %w", err)
			}
		}
		if len(page.Events) < most {
			return nil
		}
	}
}

func (l *eventLog) note(e fleet.EventLine) {
	l.seq = e.Seq
	l.last[e.Token+" "+e.Event] = e.Seq
	switch e.Event {
	case virtual.EventHostOn.String():
		l.hosts[e.Token]++
	case virtual.EventHostOff.String():
		l.hosts[e.Token]--
	}
}

// has reports whether an event of a token has happened after event number after.
func (l *eventLog) has(token, event string, after uint64) bool {
	return l.last[token+" "+event] > after
}

// settleTime is how long settle waits for an event that comes at once on an idle
// machine. When it is over, the scenario continues: the event may never come, for
// example because the line has lost all bytes.
const settleTime = 5 * time.Second

// settle waits for the effect of something that happens in another goroutine. The events
// of the next step then come after it.
func (l *eventLog) settle(r *runner, done func() bool) error {
	end := time.Now().Add(settleTime)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if err := l.follow(r); err != nil || done() || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
}

// left waits until the hosts that a command has connected have left. before is the number
// of hosts of each token when the command was started.
func (l *eventLog) left(r *runner, before map[string]int) error {
	return l.settle(r, func() bool {
		for token, n := range l.hosts {
			if n > before[token] {
				return false
			}
		}
		return true
	})
}

func (l *eventLog) end() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	if l.temp {
		err = errors.Join(err, os.Remove(l.file.Name()))
	}
	l.file = nil
	return err
}
