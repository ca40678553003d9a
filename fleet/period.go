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

var isoPeriod = regexp.MustCompile(`^P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$`)

// isoUnits are the units of an ISO 8601 period. A year is a mean year of 365.25 days,
// and a month a twelfth of it.
var isoUnits = [...]time.Duration{
	virtual.Year, virtual.Year / 12, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second,
}

// ParsePeriod reads a period in the form of ISO 8601, such as P2Y6M or PT90S, or of Go,
// such as 90s or 1h30m. A sign may precede either. It is at most 292 years. The error
// wraps [ErrPeriod].
func ParsePeriod(s string) (time.Duration, error) {
	unsigned, negative := strings.CutPrefix(s, "-")
	if !negative {
		unsigned = strings.TrimPrefix(s, "+")
	}
	m := isoPeriod.FindStringSubmatch(unsigned)
	if m == nil || strings.HasSuffix(unsigned, "P") || strings.HasSuffix(unsigned, "T") {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, fmt.Errorf("%w: %q, want ISO 8601 such as P2Y6M or PT90S, or 1h30m", ErrPeriod, s)
		}
		return d, nil
	}
	sum := 0.0
	for i, number := range m[1:] {
		if number == "" {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %q: %q is not a number", ErrPeriod, s, number)
		}
		sum += float64(n * float64(isoUnits[i])) // rounded alike on all machines
	}
	if sum >= math.MaxInt64 {
		return 0, fmt.Errorf("%w: %q is longer than 292 years", ErrPeriod, s)
	}
	d := time.Duration(sum)
	if negative {
		d = -d
	}
	return d, nil
}
