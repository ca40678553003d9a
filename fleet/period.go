// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/virtual"
)

// ErrPeriod is the error of a period that cannot be read.
var ErrPeriod = errclass.New(errclass.Usage, "invalid period")

// ErrTooLong is the error of a period that is longer than 292 years. It comes with
// [ErrPeriod].
var ErrTooLong = errclass.New(errclass.Usage, "longer than 292 years")

var isoPeriod = regexp.MustCompile(`^P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$`)

// isoUnits are the units of an ISO 8601 period. A year is a mean year of 365.25 days,
// and a month a twelfth of it.
var isoUnits = [...]time.Duration{
	virtual.Year, virtual.Year / 12, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second,
}

// longPeriod is a period of Go with years, weeks and days before it, as in 2y3d4h.
var longPeriod = regexp.MustCompile(`^(?:([\d.]+)y)?(?:([\d.]+)w)?(?:([\d.]+)d)?((?:[\d.].*)?)$`)

var longUnits = [...]time.Duration{virtual.Year, 7 * 24 * time.Hour, 24 * time.Hour}

// ParsePeriod reads a period in the form of ISO 8601, such as P2Y6M or PT90S, or of Go
// with years, weeks and days, such as 90s, 1h30m, 1d or 5y. A sign may precede either. It
// is at most 292 years. The error wraps [ErrPeriod].
func ParsePeriod(s string) (time.Duration, error) {
	unsigned, negative := strings.CutPrefix(s, "-")
	if !negative {
		unsigned = strings.TrimPrefix(s, "+")
	}
	var rest time.Duration
	m, units := isoPeriod.FindStringSubmatch(unsigned), isoUnits[:]
	if m == nil || strings.HasSuffix(unsigned, "P") || strings.HasSuffix(unsigned, "T") {
		m, units = longPeriod.FindStringSubmatch(unsigned), longUnits[:]
		var err error
		if m == nil || unsigned == "" {
			err = ErrPeriod
		} else if m[4] != "" {
			rest, err = time.ParseDuration(m[4])
		}
		if err != nil {
			return 0, fmt.Errorf("%w: %q, want ISO 8601 such as P2Y6M or PT90S, or 1h30m, 1d or 5y", ErrPeriod, s)
		}
	}
	sum := 0.0
	for i, unit := range units {
		number := m[i+1]
		if number == "" {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %q: %q is not a number", ErrPeriod, s, number)
		}
		sum += float64(n * float64(unit)) // rounded alike on all machines
	}
	if sum+float64(rest) >= math.MaxInt64 {
		return 0, fmt.Errorf("%w: %w: %q", ErrPeriod, ErrTooLong, s)
	}
	d := time.Duration(sum) + rest
	if negative {
		d = -d
	}
	return d, nil
}

// FormatPeriod writes a period for people, such as "12 ms", "21.4 s", "01:35:00" or
// "2y 3d 04:05:06". A year has 365.25 days. Parts that are too small to matter are left
// out: milliseconds from a minute on, and less than a millisecond always.
func FormatPeriod(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -max(d, -math.MaxInt64)
	}
	if ms := d.Milliseconds(); ms > 0 && ms < 1000 {
		return fmt.Sprintf("%s%d ms", sign, ms)
	}
	if d < time.Minute {
		return sign + strconv.FormatFloat(float64(d.Milliseconds())/1000, 'f', -1, 64) + " s"
	}
	years, d := d/virtual.Year, d%virtual.Year
	days, d := d/(24*time.Hour), d%(24*time.Hour)
	if years > 0 {
		sign += fmt.Sprintf("%dy ", years)
	}
	if years > 0 || days > 0 {
		sign += fmt.Sprintf("%dd ", days)
	}
	return sign + fmt.Sprintf("%02d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
}

// FormatOffset writes how far a clock is ahead, such as "+21.4 s" or "-2y 3d 04:05:06". It
// writes "on time" for less than a millisecond.
func FormatOffset(d time.Duration) string {
	switch ms := d.Milliseconds(); {
	case ms == 0:
		return "on time"
	case ms < 0:
		return FormatPeriod(d)
	}
	return "+" + FormatPeriod(d)
}

// Percent returns the whole percents of a share. A battery of 99.9 % is not full.
func Percent(share float64) int { return int(math.Floor(float64(share*100) + 1e-9)) } // 0.29*100 is less than 29

// FormatNumber writes a number without an exponent.
func FormatNumber(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
