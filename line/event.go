// SPDX-License-Identifier: Apache-2.0

package line

import (
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
)

// Step is a part of the work on a unit.
type Step string

// The steps, in their order.
const (
	StepIdentify  Step = "identify"
	StepSelfTest  Step = "self-test"
	StepAllocate  Step = "allocate"
	StepProvision Step = "provision"
	StepClock     Step = "clock"
	StepCodes     Step = "codes"
	StepDrift     Step = "drift"
	StepSeal      Step = "seal" // the seed is encrypted to the customer
	StepLock      Step = "lock"
	StepReadOut   Step = "read-out" // attempts that the locked device must refuse
	StepLabel     Step = "label"
)

// Steps returns the steps in their order.
func Steps() []Step {
	return []Step{
		StepIdentify, StepSelfTest, StepAllocate, StepProvision, StepClock, StepCodes, StepDrift, StepSeal, StepLock, StepReadOut, StepLabel,
	}
}

// Result is the state of the work on a device.
type Result string

// The results. Only Pass means that a unit was finished now.
const (
	Waiting Result = "wait"    // no device is plugged in
	Working Result = "working" // at the event's step
	Pass    Result = "pass"
	Fail    Result = "fail"
	Known   Result = "known" // the device was finished before, and was not touched
)

// Event is a change in a socket. A display holds the result of a device until work on the
// next one begins: [Waiting] only means that the socket is empty.
type Event struct {
	Seq        uint64          `json:"seq"` // 1 is the first
	Time       time.Time       `json:"time"`
	Socket     string          `json:"port"`
	Number     int             `json:"number"` // of the socket: 1 is the first
	Result     Result          `json:"result"`
	Step       Step            `json:"stage,omitempty"`
	HardwareID host.HardwareID `json:"hardware_id"`
	Serial     string          `json:"serial,omitempty"`
	Attempt    int             `json:"attempt,omitempty"` // 1 is the first
	State      journal.State   `json:"state,omitempty"`
	Bin        journal.Bin     `json:"bin,omitempty"`
	Reason     string          `json:"reason,omitempty"` // of a failure
	Before     bool            `json:"before,omitempty"` // the unit was finished before the device was plugged in
	Advice     string          `json:"advice,omitempty"` // for the operator
	Cycle      float64         `json:"cycle_s,omitempty"`
	Finished   int64           `json:"finished,omitempty"`    // of a pass: how many units of the order are done now
	Label      bool            `json:"label_due,omitempty"`   // the socket waits until the label was taken or scanned
	LabelTaken bool            `json:"label_taken,omitempty"` // of a pass that was reported before: its label was taken or scanned now
}
