// SPDX-License-Identifier: Apache-2.0

package hostclock

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// kernel asks Linux. A program that synchronises the clock clears STA_UNSYNC and sets
// maxerror in microseconds, which then grows (adjtimex(2)).
func kernel() (Status, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return Status{}, fmt.Errorf("%w: adjtimex: %w", ErrUnknown, err)
	}
	return fromTimex(&t, state), nil
}

func fromTimex(t *unix.Timex, state int) Status {
	return Status{
		Source:       "kernel",
		Synchronised: state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0,
		Known:        true,
		Error:        time.Duration(t.Maxerror) * time.Microsecond,
		Advice:       "sudo apt-get install chrony",
	}
}
