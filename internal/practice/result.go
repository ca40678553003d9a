// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
)

// Tally is how many tokens ended in each way.
type Tally struct {
	Made    int `json:"made"`
	Voided  int `json:"voided"`
	Refused int `json:"refused"`
	Open    int `json:"open"` // tokens on which the work did not end
}

func (t *Tally) add(o Outcome) {
	switch o {
	case Made:
		t.Made++
	case Voided:
		t.Voided++
	case Refused:
		t.Refused++
	default:
		t.Open++
	}
}

// Bad is a token that was not made.
type Bad struct {
	Token   int         `json:"number"` // 1 is the first token
	Fault   Fault       `json:"fault"`  // of the plan; "" if it has none
	Outcome Outcome     `json:"outcome"`
	Serial  string      `json:"serial"`
	Bin     journal.Bin `json:"bin"`
	Reason  string      `json:"reason"`
}

// Result is the result of a practice.
type Result struct {
	Order       string   `json:"order"`
	Tokens      int      `json:"count"`
	Tally       Tally    `json:"tally"`
	Perfect     Tally    `json:"perfect"` // of a perfect line
	Bad         []Bad    `json:"bad"`
	Differences []string `json:"differences"` // from a perfect line
	Seconds     float64  `json:"seconds"`
}

// result compares the tokens and the journals with the result of a perfect line.
func (m *Room) result(ctx context.Context, took time.Duration) (*Result, error) {
	r := &Result{Order: m.Order.ID, Tokens: m.Tokens, Bad: []Bad{}, Differences: []string{}, Seconds: took.Seconds()}
	serials := map[string]int{}
	for _, d := range m.devices {
		want := verdict{Outcome: Made}
		if d.fault != "" {
			want = verdicts[d.fault]
		}
		r.Tally.add(d.outcome)
		r.Perfect.add(want.Outcome)
		if d.outcome != Made {
			r.Bad = append(r.Bad, Bad{d.number, d.fault, d.outcome, d.serial, d.bin, d.reason})
		}
		for _, problem := range d.compare(want) {
			r.Differences = append(r.Differences, fmt.Sprintf("token %d (%s): %s", d.number, d.faultName(), problem))
		}
		if other := serials[d.serial]; d.serial != "" && other != 0 {
			r.Differences = append(r.Differences, fmt.Sprintf("tokens %d and %d have serial number %s", other, d.number, d.serial))
		}
		serials[d.serial] = d.number
		unit, err := m.unit(ctx, d)
		if err != nil {
			return nil, err
		}
		if problem := d.compareUnit(unit); problem != "" {
			r.Differences = append(r.Differences, fmt.Sprintf("token %d (%s): %s", d.number, d.faultName(), problem))
		}
	}
	for _, s := range m.stations {
		problems, err := m.compareJournal(ctx, s)
		if err != nil {
			return nil, err
		}
		r.Differences = append(r.Differences, problems...)
	}
	return r, nil
}

func (d *device) faultName() string {
	if d.fault == "" {
		return "no fault"
	}
	return string(d.fault)
}

// compare compares the result of a token with a perfect line's, and with its state.
func (d *device) compare(want verdict) (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if d.outcome != want.Outcome {
		problem("it was %s, and a perfect line has it %s: %s", d.outcome, want.Outcome, d.reason)
	} else if d.outcome != Made && (d.bin != want.bin || !strings.Contains(d.reason, want.reason)) {
		problem("it was %s for another reason: %s (%s)", d.outcome, d.reason, d.bin)
	}
	if d.passes > 1 {
		problem("the station said PASS %d times", d.passes)
	}
	if d.outcome != Made && d.passes > 0 {
		problem("the station said PASS before")
	}
	if d.fault == Twice && d.known == 0 {
		problem("the station did not say that it was finished before")
	}
	state := map[Outcome]serialproto.State{Made: serialproto.StateLocked, Voided: serialproto.StateWiped, Refused: serialproto.StateBlank}
	if is, ok := state[d.outcome]; ok && d.member.Token.State() != is {
		problem("it was %s, and is %v", d.outcome, d.member.Token.State())
	}
	if serial, _ := d.member.Token.BackLabel(); d.outcome == Made && serial.String() != d.serial {
		problem("its serial number is %s, and the label says %s", serial, d.serial)
	}
	return problems
}

// unit returns the unit of a device in the journal of its station, or nil.
func (m *Room) unit(ctx context.Context, d *device) (*journal.Unit, error) {
	s := m.stations[(d.number-1)%m.Stations]
	u, found, err := s.batch.Find(ctx, d.member.Token.HardwareID())
	if err != nil || !found {
		return nil, err
	}
	return &u, nil
}

// compareUnit compares the unit in the journal with the result on the display.
func (d *device) compareUnit(u *journal.Unit) string {
	want := map[Outcome]journal.State{Made: journal.Done, Voided: journal.Void}[d.outcome]
	switch {
	case u == nil && want == "":
		return ""
	case u == nil:
		return "the journal does not have it"
	case u.State != want && d.outcome != Open:
		return fmt.Sprintf("it was %s, and the journal says %s", d.outcome, u.State)
	case u.Serial.String() != d.serial:
		return fmt.Sprintf("its serial number is %s, and the journal says %s", d.serial, u.Serial)
	}
	return ""
}

// compareJournal checks the records of a station, and that the station has kept no seed.
func (m *Room) compareJournal(ctx context.Context, s *station) (problems []string, err error) {
	report, err := s.journal.Verify(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, f := range report.Faults {
		problems = append(problems, fmt.Sprintf("journal of %s: %v", s.journal.Station(), f))
	}
	unfinished, err := s.journal.Unfinished(ctx, m.Order.ID)
	if err != nil {
		return nil, err
	}
	for _, u := range unfinished {
		problems = append(problems, fmt.Sprintf("journal of %s: %s is unfinished: %s", s.journal.Station(), u.Serial, u.State))
	}
	kept, _, err := s.journal.SeedsLeft(ctx, m.Order.ID)
	if err != nil {
		return nil, err
	}
	if kept != 0 {
		problems = append(problems, fmt.Sprintf("journal of %s: the station can still read %d seeds", s.journal.Station(), kept))
	}
	return problems, nil
}
