// SPDX-License-Identifier: Apache-2.0

package line

import (
	"errors"
	"fmt"
	"os"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
)

// reject is a fault of a device for which another attempt is useless.
type reject struct {
	bin    journal.Bin
	reason string
	advice string
}

func (r *reject) Error() string { return r.reason }

// suspect rejects a device that makes false claims.
func suspect(format string, args ...any) error {
	return &reject{journal.BinSuspect, fmt.Sprintf(format, args...), "keep the device apart and call the supervisor"}
}

// faulty rejects a device that does not fulfil the order.
func faulty(format string, args ...any) error {
	return &reject{journal.BinRepair, fmt.Sprintf(format, args...), "put the device into the box for repair"}
}

// foreign rejects a device that does not belong to the order, and is not a unit of it.
func foreign(format string, args ...any) error {
	return &reject{journal.BinRetest, fmt.Sprintf(format, args...), "check whether the device belongs to this order"}
}

// removed reports whether an error means that the device was pulled out, or its cable.
// The work goes on when the device is back.
func removed(err error) bool {
	return errors.Is(err, port.ErrGone) || errors.Is(err, os.ErrClosed)
}

var (
	// ErrStationKey is the error of a station whose key the first device refuses. The unit
	// stays unfinished.
	ErrStationKey = errclass.New(errclass.Refused, "the device refuses the station's key, which no device has accepted in this run")

	// errSilent is the error of a device that stopped answering. It was probably taken out
	// of a fixture whose port stays.
	errSilent = errors.New("the device does not answer any more")

	// errSwapped is the error of a device that took the place of another one.
	errSwapped = errors.New("another device took the place of the one that was being programmed")

	// errDisplay is the error of an LCD that shows something else than the code.
	errDisplay = errors.New("the display is faulty")

	// errStepped is the error of an attempt during which the clock moved.
	errStepped = errors.New("the station's clock was set while the unit was programmed")
)

// binOf returns the bin and advice for the last error of a unit that is given up.
func binOf(err error) (journal.Bin, string) {
	var r *reject
	switch {
	case errors.As(err, &r):
		return r.bin, r.advice
	case errors.Is(err, host.ErrVerify), errors.Is(err, host.ErrWrongDevice), errors.Is(err, host.ErrProtocol):
		return journal.BinSuspect, "keep the device apart and call the supervisor"
	case errors.Is(err, errStepped):
		return journal.BinRetest, "call the supervisor: the station's clock is not steady"
	}
	return journal.BinRepair, "put the device into the box for repair"
}
