// SPDX-License-Identifier: Apache-2.0

package order

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/internal/luhn"
	"github.com/d204ef64/fob/token"
)

// Serials is a range of serial numbers. The digits at the end of a number count. Before
// them, all numbers have the same characters. After them may be a check digit.
type Serials struct {
	Kind       string `yaml:"kind" doc:"form of the numbers" values:"@serials" required:"true"`
	First      string `yaml:"first" doc:"the first number, in quotes" required:"true"`
	Last       string `yaml:"last" doc:"the last number, in quotes; by default the one that makes exactly count. Each token that is set aside uses up a number"`
	Hex        bool   `yaml:"hex" doc:"the numbers count in hexadecimal digits 0-9 and A-F"`
	CheckDigit string `yaml:"check_digit" doc:"check digit at the end of each number; none by default" values:"none,luhn"`
}

const (
	decimal     = "0123456789"
	hexadecimal = "0123456789ABCDEF"
)

// maxCounting is the maximum number of digits that count: as many as fit 64 bits.
const maxCounting = 16

// oathCounting is the number of characters that count in an OATH token identifier. The
// first two are the manufacturer's prefix, the next two the type of the token.
const oathCounting = 8

// serialKinds returns the names of the kinds of serial numbers.
func serialKinds() (names []string) {
	for _, k := range []token.SerialKind{token.SerialOATH, token.SerialVendor13, token.SerialVendor9, token.SerialOther} {
		names = append(names, k.String())
	}
	return names
}

func (s *Serials) alphabet() string {
	if s.Hex {
		return hexadecimal
	}
	return decimal
}

// split cuts a number into the characters that stay the same, the digits that count, and
// the check digit.
func (s *Serials) split(serial string) (prefix, counting, check string) {
	if s.CheckDigit == "luhn" {
		serial, check = serial[:len(serial)-1], serial[len(serial)-1:]
	}
	limit := maxCounting
	if s.Kind == token.SerialOATH.String() {
		limit = oathCounting - len(check)
	}
	start := len(serial)
	for start > 0 && len(serial)-start < limit && strings.IndexByte(s.alphabet(), serial[start-1]) >= 0 {
		start--
	}
	return serial[:start], serial[start:], check
}

// check checks the spelling of a number. It returns its parts and its value.
func (s *Serials) check(text string) (prefix string, digits int, n uint64, err error) {
	serial, err := token.ParseSerial(text)
	if err != nil {
		return "", 0, 0, err
	}
	if serial.Kind().String() != s.Kind {
		return "", 0, 0, fmt.Errorf("%s is of kind %s, want %s", text, serial.Kind(), s.Kind)
	}
	prefix, counting, check := s.split(text)
	if counting == "" {
		return "", 0, 0, fmt.Errorf("%s does not end with a digit that can count", text)
	}
	if want := s.checkDigit(prefix + counting); check != want {
		return "", 0, 0, fmt.Errorf("%s has the check digit %s, want %s", text, check, want)
	}
	n, err = strconv.ParseUint(counting, len(s.alphabet()), 64)
	return prefix, len(counting), n, err
}

// checkDigit returns the check digit of a number without one, or nothing.
func (s *Serials) checkDigit(text string) string {
	if s.CheckDigit != "luhn" {
		return ""
	}
	return string(luhn.Check(text, s.alphabet()))
}

// format returns the number with a value.
func (s *Serials) format(prefix string, digits int, n uint64) (string, bool) {
	text := strings.ToUpper(strconv.FormatUint(n, len(s.alphabet())))
	if len(text) > digits {
		return "", false
	}
	text = prefix + strings.Repeat("0", digits-len(text)) + text
	return text + s.checkDigit(text), true
}

// measure checks the range, which must hold count numbers.
func (o *Order) measure() (field string, err error) {
	s := &o.Serials
	prefix, digits, first, err := s.check(s.First)
	if err != nil {
		return "first", err
	}
	o.serialsPrefixed, o.serialDigits = prefix, digits
	if first > math.MaxUint64-uint64(o.Count) {
		return "first", errors.New("the numbers run out of digits")
	}
	needed, fits := s.format(prefix, digits, first+uint64(o.Count)-1)
	if s.Last == "" {
		if !fits {
			return "first", fmt.Errorf("%d numbers from %s do not fit its %d digits", o.Count, s.First, digits)
		}
		s.Last = needed
	}
	lastPrefix, lastDigits, last, err := s.check(s.Last)
	switch {
	case err != nil:
		return "last", err
	case lastPrefix != prefix || lastDigits != digits:
		return "last", fmt.Errorf("%s and the first number %s differ before the digits that count", s.Last, s.First)
	case last < first:
		return "last", fmt.Errorf("%s is before the first number %s", s.Last, s.First)
	case last-first < uint64(o.Count)-1 && !fits:
		return "last", fmt.Errorf("the range holds %d numbers, and the order needs %d, which do not fit its %d digits", last-first+1, o.Count, digits)
	case last-first < uint64(o.Count)-1:
		return "last", fmt.Errorf("the range holds %d numbers, and the order needs %d: the last one must be %s or later", last-first+1, o.Count, needed)
	}
	o.lastSerial = last - first
	return "", nil
}

// SerialCount returns how many serial numbers the order may use. It is at least Count.
func (o *Order) SerialCount() uint64 { return o.lastSerial + 1 }

// Serial returns serial number i of the order, from 0 to SerialCount-1. It returns false
// for others.
func (o *Order) Serial(i uint64) (token.Serial, bool) {
	if i > o.lastSerial {
		return token.Serial{}, false
	}
	text, fits := o.Serials.format(o.serialsPrefixed, o.serialDigits, o.firstSerial()+i)
	if !fits {
		return token.Serial{}, false
	}
	serial, err := token.ParseSerial(text)
	return serial, err == nil
}

// Overlap returns the first and the last serial number that the ranges of two orders
// share. It compares ranges that count in the same way.
func (o *Order) Overlap(other *Order) (first, last token.Serial, ok bool) {
	a, b := &o.Serials, &other.Serials
	if a.Kind != b.Kind || a.Hex != b.Hex || a.checked() != b.checked() || o.serialsPrefixed != other.serialsPrefixed || o.serialDigits != other.serialDigits {
		return first, last, false
	}
	from, to := o.firstSerial(), other.firstSerial()
	low, high := max(from, to), min(from+o.lastSerial, to+other.lastSerial)
	if low > high {
		return first, last, false
	}
	first, _ = o.Serial(low - from)
	last, _ = o.Serial(high - from)
	return first, last, true
}

// checked reports whether the numbers have a check digit.
func (s *Serials) checked() bool { return s.CheckDigit == "luhn" }

// firstSerial returns the value of the first serial number.
func (o *Order) firstSerial() uint64 {
	_, counting, _ := o.Serials.split(o.Serials.First)
	n, _ := strconv.ParseUint(counting, len(o.Serials.alphabet()), 64) // was checked by measure
	return n
}
