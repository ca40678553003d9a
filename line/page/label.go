// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/line"
)

// entry is the result of a label that was scanned or typed.
type entry struct {
	number int
	serial string
	text   string // the number or the serial number
	port   int    // that the label belongs to; 0: unknown
	due    []int  // ports that wait for their labels
	code   string // "": the label was confirmed
	err    error
}

// The codes of refused entries.
const (
	codeEmpty = "label_empty"
	codeWrong = "label_wrong"   // no port waits for the label
	codeEarly = "label_early"   // the port of the label still works on its device
	codeTaken = "label_taken"   // the port does not wait for the label any more
	codeScan  = "label_scan"    // the port waits until its label is scanned
	codeNone  = "label_not_due" // the port does not wait
)

// enter confirms a label.
func (s *Station) enter(text string) entry {
	e := entry{}
	e.number, e.serial = line.ParseLabel(text)
	switch {
	case e.number > 0:
		e.text = strconv.Itoa(e.number)
	case e.serial != "":
		e.text = e.serial
	default:
		e.code = codeEmpty
		return e
	}
	ports := s.view.Status().Ports
	at := slices.IndexFunc(ports, func(p line.SocketStatus) bool { return e.serial != "" && strings.EqualFold(p.Serial, e.serial) })
	if at >= 0 { // in the capitals of the label
		e.serial, e.port = ports[at].Serial, ports[at].Number
		e.text = e.serial
	}
	for _, p := range ports {
		if p.Label {
			e.due = append(e.due, p.Number)
		}
	}
	if e.err = s.label(e.number, e.serial); e.err == nil {
		return e
	}
	switch {
	case at >= 0 && ports[at].Result == line.Working:
		e.code = codeEarly
	case at >= 0:
		e.code = codeTaken
	case e.number == 0:
		e.code = codeWrong
		e.port = s.recentPort(e.serial)
	case slices.Contains(e.due, e.number):
		e.code = codeScan
	default:
		e.code = codeNone
	}
	return e
}

// recentPort returns the number of the port that has finished a unit, 0 if it is not known.
func (s *Station) recentPort(serial string) int {
	for _, u := range s.view.Recent() {
		if strings.EqualFold(u.Serial, serial) {
			return u.Number
		}
	}
	return 0
}
