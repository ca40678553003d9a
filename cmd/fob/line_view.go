// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
)

// lineView follows the events of a station.
type lineView struct {
	title  string
	wanted int64

	mu      sync.Mutex // guards the fields below
	done    int64
	void    int64
	stats   line.Statistics
	sockets []socketView // by number
}

// socketView is a socket on the display.
type socketView struct {
	shown line.Event // the last event that was not Waiting
	empty bool       // no device is plugged in
	label bool       // the socket waits for its label
}

func newLineView(station string, o *order.Order, c journal.Counts) *lineView {
	return &lineView{title: fmt.Sprintf("%s  %s  %s  %s", o.ID, o.Customer, o.Model, station), wanted: c.Wanted, done: c.Done, void: c.Void}
}

// add adds an event.
func (v *lineView) add(e line.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stats.Add(e)
	for len(v.sockets) < e.Number {
		v.sockets = append(v.sockets, socketView{empty: true})
	}
	k := &v.sockets[e.Number-1]
	k.empty = e.Result == line.Waiting
	if k.empty {
		return
	}
	if e.Result == line.Pass && !e.LabelTaken {
		v.done++
	}
	if e.Result == line.Fail && e.State == journal.Void && !e.Before {
		v.void++
	}
	k.label = e.Label
	k.shown = e
}

// complete reports whether the order needs no more tokens.
func (v *lineView) complete() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.done >= v.wanted
}

// busy reports whether a socket works on a device, or waits for a label.
func (v *lineView) busy() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, k := range v.sockets {
		if k.label || !k.empty && k.shown.Result == line.Working {
			return true
		}
	}
	return false
}

// progress describes the batch.
func (v *lineView) progress() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.stats.Total()
	text := fmt.Sprintf("%d of %d done, %d void", v.done, v.wanted, v.void)
	if t.Passed+t.Void > 0 {
		text += fmt.Sprintf(", yield %.1f %%", 100*t.Yield())
	}
	if t.Passed > 0 {
		text += fmt.Sprintf(", %.1f s a token (longest %.1f s)", t.Cycle, t.Worst)
	}
	return text
}

// bar draws a bar of a width for a part of a whole.
func bar(part, whole int64, width int) string {
	full := 0
	if whole > 0 {
		full = int(min(part, whole) * int64(width) / whole)
	}
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

// lineSteps are the steps in their order, for the bar of a socket.
var lineSteps = []line.Step{
	line.StepIdentify, line.StepSelfTest, line.StepAllocate, line.StepProvision, line.StepClock, line.StepCodes, line.StepDrift,
	line.StepSeal, line.StepLock, line.StepReadOut, line.StepLabel,
}

// resultWords are the words for an operator, and their colours.
var resultWords = map[line.Result][2]string{
	line.Waiting: {"WAIT", ""},
	line.Working: {"WORKING", yellow},
	line.Pass:    {"PASS", green},
	line.Fail:    {"FAIL", red},
	line.Known:   {"DONE BEFORE", yellow},
}

// frame draws all sockets.
func (v *lineView) frame(columns int, p painter) string {
	progress := v.progress()
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n\n", p.paint(bold, plain(v.title)), bar(v.done, v.wanted, max(0, min(60, columns-2))), progress)
	if len(v.sockets) == 0 {
		b.WriteString("No port has a token yet: insert one.\n")
		return b.String()
	}
	b.WriteString(p.paint(bold, fmt.Sprintf("%4s  %-11s  %-22s  %-14s  %s", "PORT", "STATE", "STEP", "SERIAL", "WHAT TO DO")) + "\n")
	for i := range v.sockets {
		k := &v.sockets[i]
		for _, row := range k.rows(i+1, columns, p) {
			b.WriteString(row + "\n")
		}
	}
	return b.String()
}

// textColumn is where the reason and the advice begin.
const textColumn = 4 + 2 + 11 + 2 + 22 + 2 + 14 + 2

// rows draws a socket. The result of a device is shown until the next one is plugged in.
func (k *socketView) rows(number, columns int, p painter) []string {
	e := &k.shown
	word := resultWords[line.Waiting]
	if w, ok := resultWords[e.Result]; ok {
		word = w
	}
	step := ""
	if e.Result == line.Working {
		for i, s := range lineSteps {
			if s == e.Step {
				step = bar(int64(i+1), int64(len(lineSteps)), len(lineSteps)) + " " + string(s)
			}
		}
	}
	text := e.Reason
	if e.Advice != "" && (!k.empty || e.Result != line.Pass) {
		if text != "" {
			text += ": "
		}
		text += e.Advice
	}
	if e.Result == "" || k.empty && e.Result == line.Pass {
		text = "insert a token"
	}
	state := fmt.Sprintf("%-11s", word[0])
	if word[1] != "" {
		state = strings.Replace(state, word[0], p.paint(word[1]+";"+bold, word[0]), 1)
	}
	head := fmt.Sprintf("%4d  %s  %-22s  %-14s  ", number, state, step, plain(e.Serial))
	lines := wrap(strings.Fields(plain(text)), " ", max(20, columns-textColumn))
	if len(lines) == 0 {
		return []string{strings.TrimRight(head, " ")}
	}
	lines[0] = head + lines[0]
	for i := range lines[1:] {
		lines[i+1] = strings.Repeat(" ", textColumn) + lines[i+1]
	}
	return lines
}

// plainRow is a result as a line of text, or "".
func (v *lineView) plainRow(e line.Event) string {
	var parts []string
	switch {
	case e.LabelTaken:
		return fmt.Sprintf("port %d: label of %s taken", e.Number, e.Serial)
	case e.Result == line.Pass:
		parts = append(parts, fmt.Sprintf("%s: %.1f s", e.Serial, e.Cycle), v.progress())
	case e.Result == line.Fail, e.Result == line.Known:
		if e.Serial != "" {
			parts = append(parts, e.Serial)
		}
		if e.HardwareID != ([8]byte{}) {
			parts = append(parts, "device "+e.HardwareID.String())
		}
		parts = append(parts, e.Reason)
	default:
		return ""
	}
	if e.Advice != "" {
		parts = append(parts, e.Advice)
	}
	return plain(fmt.Sprintf("port %d: %s: %s", e.Number, resultWords[e.Result][0], strings.Join(parts, ": ")))
}

// summary describes the run, with the reasons for failures.
func (v *lineView) summary() string {
	text := v.progress() + "\n"
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range v.stats.Reasons {
		bin := ""
		if r.Bin != "" {
			bin = " (" + string(r.Bin) + ")"
		}
		text += fmt.Sprintf("%5d × %s%s\n", r.Count, plain(r.Reason), bin)
	}
	return text
}
