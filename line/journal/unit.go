// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"time"

	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// State is the stage of a unit. A state is durable before the device is touched by the
// step that follows it.
type State string

// The states, in the order in which a good unit passes through them.
const (
	Allocated State = "allocated" // the serial number and the seed are durable; nothing was sent
	Sent      State = "sent"      // the seed is about to be sent, or was
	Confirmed State = "confirmed" // the device proved that it has the seed
	Verified  State = "verified"  // its codes are right; only the customer can read the seed now
	Locking   State = "locking"   // the command to lock is about to be sent, or was
	Locked    State = "locked"    // the device refused to reveal its code and to be programmed
	Labelled  State = "labelled"  // the label was handed to the printer
	Done      State = "done"
	Void      State = "void" // given up, with a reason and a bin
)

// Final reports whether a unit in this state is finished.
func (s State) Final() bool { return s == Done || s == Void }

// Bin is the box into which an operator puts a void unit.
type Bin string

// The bins.
const (
	BinRetest  Bin = "retest"  // the device may be good: it can be wiped and used in another order
	BinRepair  Bin = "repair"  // the device is faulty
	BinSuspect Bin = "suspect" // the device makes false claims: keep it as evidence
)

// Unit is the work on one device for one order. Its serial number is used up, even if
// the unit fails.
type Unit struct {
	ID         int64
	Order      string // id of the order
	Number     int64  // of the serial number within the order: 0 is the first
	Serial     token.Serial
	HardwareID host.HardwareID
	DeviceKey  [32]byte
	Expiry     token.Expiry // zero: it never expires
	State      State
	Attempts   int    // times that the seed was about to be sent
	Failures   int    // attempts that failed for a reason of the device
	Socket     string // the last socket of the device
	Began      time.Time
	Ended      time.Time // zero: not finished
	Finished   int64     // place among the order's units that are done; 0: it is not done
	Reason     string    // why it is void
	Bin        Bin
	Results    Results
}

// Results are the measurements of a unit. The limits of the order stand beside them.
type Results struct {
	Model      string       `json:"model"`
	Firmware   string       `json:"firmware"`
	Supply     *Measurement `json:"supply_mv,omitempty"`      // millivolts
	ClockError *Measurement `json:"clock_error_ms,omitempty"` // token's clock minus the station's, milliseconds
	Drift      *Measurement `json:"drift_ppm,omitempty"`      // error of the crystal, parts per million
	SelfTest   []Part       `json:"self_test,omitempty"`
	Codes      int          `json:"codes"`     // steps whose code was compared
	Read       string       `json:"code_from"` // "lcd": as displayed; "device": as the device computed it
	Enrolled   bool         `json:"enrolled"`  // the device's key was in the enrolment list
	Refused    []string     `json:"refused"`   // commands that the locked device refused
	Cycle      float64      `json:"cycle_s"`   // seconds of work, without waiting for people
}

// Measurement is a measured value. A limit that is absent was not in the order.
type Measurement struct {
	Value  float64  `json:"value"`
	Spread float64  `json:"spread,omitempty"` // the true value is at most this far from Value
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
}

// Part is the result of one part of a self-test.
type Part struct {
	Part   string `json:"part"`
	Passed bool   `json:"passed"`
}

// Within reports whether the value is between its limits, as far as there are any.
func (m *Measurement) Within() bool {
	return (m.Low == nil || m.Value >= *m.Low) && (m.High == nil || m.Value <= *m.High)
}
