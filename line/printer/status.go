// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// The status of a printer that understands ZPL II (~HS, Host Status Return, in Zebra's
// ZPL II Programming Guide, 45541L-004). It consists of three strings, each between STX
// and ETX CR LF:
//
//	aaa,b,c,dddd,eee,f,g,h,iii,j,k,l
//	mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www
//	xxxx,y
//
// By the guide, a printer without paper or ribbon, with an open head, a full rewinder or
// a hot head does not answer at all.
const statusQuery = "~HS"

const (
	stx = 0x02
	etx = 0x03
)

// status is the part of the answer that matters here.
type status struct {
	paperOut  bool // b
	paused    bool // c
	formats   int  // eee: labels in the receive buffer
	full      bool // f: the receive buffer is full
	cold, hot bool // k, l
	headOpen  bool // o
	ribbonOut bool // p
	waiting   bool // t: a label waits to be taken
	remaining int  // u: labels left in the batch
}

// problem returns the reason why the printer cannot print, or "".
func (s *status) problem() string {
	var all []string
	for _, p := range []struct {
		is   bool
		text string
	}{
		{s.paperOut, "paper out"},
		{s.ribbonOut, "ribbon out"},
		{s.headOpen, "head open"},
		{s.paused, "paused"},
		{s.cold, "too cold"},
		{s.hot, "too hot"},
		{s.full, "buffer full"},
	} {
		if p.is {
			all = append(all, p.text)
		}
	}
	return strings.Join(all, ", ")
}

// idle reports whether the printer has printed all its labels. In the peel-off mode, the
// last one may wait to be taken.
func (s *status) idle() bool { return s.formats == 0 && (s.remaining == 0 || s.waiting) }

// readStatus reads an answer to ~HS.
func readStatus(r *bufio.Reader) (s status, err error) {
	first, err := readString(r, 12)
	if err != nil {
		return s, err
	}
	second, err := readString(r, 11)
	if err != nil {
		return s, err
	}
	if _, err := readString(r, 2); err != nil {
		return s, err
	}
	s = status{
		paperOut: first[1] == "1", paused: first[2] == "1", full: first[5] == "1",
		cold: first[10] == "1", hot: first[11] == "1",
		headOpen: second[2] == "1", ribbonOut: second[3] == "1", waiting: second[7] == "1",
	}
	if s.formats, err = strconv.Atoi(first[4]); err == nil {
		s.remaining, err = strconv.Atoi(second[8])
	}
	if err != nil {
		return s, fmt.Errorf("reading the status of the printer: %w", err)
	}
	return s, nil
}

// readString reads one string of at least n fields.
func readString(r *bufio.Reader, n int) ([]string, error) {
	const longest = 100
	var text []byte
	for inside := false; ; {
		c, err := r.ReadByte()
		switch {
		case err != nil:
			return nil, err
		case c == stx:
			inside, text = true, text[:0]
		case c == etx && inside:
			fields := strings.Split(string(text), ",")
			if len(fields) < n {
				return nil, fmt.Errorf("reading the status of the printer: %q has %d fields, want %d", text, len(fields), n)
			}
			return fields, nil
		case inside:
			if text = append(text, c); len(text) > longest {
				return nil, fmt.Errorf("reading the status of the printer: a string has more than %d characters", longest)
			}
		}
	}
}
