// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"strconv"

	"github.com/d204ef64/fob/line"
)

// entry is the result of a label that was scanned or typed.
type entry struct {
	number int
	serial string
	text   string // the number or the serial number
	code   string // "": the label was confirmed
	err    error
}

// The codes of refused entries.
const (
	codeEmpty = "label_empty"
	codeWrong = "label_wrong"   // no port waits for the label
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
	due := slices.ContainsFunc(s.view.Status().Ports, func(p line.SocketStatus) bool { return p.Number == e.number && p.Label })
	if e.err = s.label(e.number, e.serial); e.err == nil {
		return e
	}
	switch {
	case e.number == 0:
		e.code = codeWrong
	case due:
		e.code = codeScan
	default:
		e.code = codeNone
	}
	return e
}
