// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/line"
)

// lineProgress describes the batch.
func lineProgress(s *line.Status) string {
	text := fmt.Sprintf("%d of %d done, %d void", s.Done, s.Wanted, s.Void)
	if s.Passed > 0 || s.Voided > 0 {
		text += fmt.Sprintf(", yield %.1f %%", 100*s.Yield)
	}
	if s.Passed > 0 {
		text += fmt.Sprintf(", %.1f s a token (longest %.1f s)", s.Cycle, s.Worst)
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

// resultWords are the words for an operator, and their colours.
var resultWords = map[line.Result][2]string{
	line.Waiting: {"WAIT", ""},
	line.Working: {"WORKING", yellow},
	line.Pass:    {"PASS", green},
	line.Fail:    {"FAIL", red},
	line.Known:   {"DONE BEFORE", yellow},
}

// lineFrame draws all sockets.
func lineFrame(s *line.Status, columns int, p painter) string {
	title := fmt.Sprintf("%s  %s  %s  %s", s.Order, s.Customer, s.Model, s.Station)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n\n", p.paint(bold, plain(title)), bar(s.Done, s.Wanted, max(0, min(60, columns-2))), lineProgress(s))
	if len(s.Ports) == 0 {
		b.WriteString("No port has a token yet: insert one.\n")
		return b.String()
	}
	b.WriteString(p.paint(bold, fmt.Sprintf("%4s  %-11s  %-22s  %-14s  %s", "PORT", "STATE", "STEP", "SERIAL", "WHAT TO DO")) + "\n")
	for i := range s.Ports {
		for _, row := range socketRows(&s.Ports[i], columns, p) {
			b.WriteString(row + "\n")
		}
	}
	return b.String()
}

// textColumn is where the reason and the advice begin.
const textColumn = 4 + 2 + 11 + 2 + 22 + 2 + 14 + 2

// socketRows draws a socket. The result of a device is shown until the next one is plugged in.
func socketRows(k *line.SocketStatus, columns int, p painter) []string {
	word := resultWords[k.Result]
	step := ""
	if k.Result == line.Working {
		steps := line.Steps()
		if at := slices.Index(steps, k.Step); at >= 0 {
			step = bar(int64(at+1), int64(len(steps)), len(steps)) + " " + string(k.Step)
		}
	}
	text := k.Reason
	if k.Advice != "" {
		if text != "" {
			text += ": "
		}
		text += k.Advice
	}
	if k.Result == line.Waiting || k.Empty && k.Result == line.Pass && !k.Label {
		text = "insert a token"
	}
	state := fmt.Sprintf("%-11s", word[0])
	if word[1] != "" {
		state = strings.Replace(state, word[0], p.paint(word[1]+";"+bold, word[0]), 1)
	}
	head := fmt.Sprintf("%4d  %s  %-22s  %-14s  ", k.Number, state, step, plain(k.Serial))
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

// lineRow is a result as a line of text, or "". The status has the event.
func lineRow(s *line.Status, e line.Event) string {
	var parts []string
	switch {
	case e.LabelTaken:
		return fmt.Sprintf("port %d: label of %s taken", e.Number, e.Serial)
	case e.Result == line.Pass:
		parts = append(parts, fmt.Sprintf("%s: %.1f s", e.Serial, e.Cycle), lineProgress(s))
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

// lineResult describes the run, with the reasons for failures.
func lineResult(s *line.Status) string {
	text := lineProgress(s) + "\n"
	for _, r := range s.Reasons {
		bin := ""
		if r.Bin != "" {
			bin = " (" + string(r.Bin) + ")"
		}
		text += fmt.Sprintf("%5d × %s%s\n", r.Count, plain(r.Reason), bin)
	}
	return text
}
