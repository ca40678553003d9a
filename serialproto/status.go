// SPDX-License-Identifier: Apache-2.0

package serialproto

// RC is a status of the SMP layer itself: "rc" in an answer (Zephyr's mcumgr_err_t).
type RC uint16

// The statuses that a token uses.
const (
	RCOK           RC = 0
	RCUnknown      RC = 1
	RCInvalid      RC = 3
	RCNoEntry      RC = 5
	RCBadState     RC = 6
	RCMessageSize  RC = 7
	RCUnsupported  RC = 8
	RCCorrupt      RC = 9
	RCAccessDenied RC = 11
	RCTooNew       RC = 13
)

// Error describes the status, as the reason of a refused request.
func (rc RC) Error() string {
	switch rc {
	case RCOK:
		return "no error"
	case RCInvalid:
		return "the request's body is not valid"
	case RCNoEntry:
		return "no such entry"
	case RCBadState:
		return "the device does not allow this in its current state"
	case RCMessageSize:
		return "the message does not fit the device's buffer"
	case RCUnsupported:
		return "the device does not support this command"
	case RCCorrupt:
		return "the message is damaged"
	case RCAccessDenied:
		return "refused: the token is locked"
	case RCTooNew:
		return "the device does not support this version of SMP"
	}
	return "unknown SMP error"
}

// Status is the result of a command of the token's own groups: "rc" inside "err" in SMP
// version 2. The zero value means success.
type Status uint8

// The statuses.
const (
	StatusOK Status = iota
	StatusUnknown
	StatusInvalid
	StatusLocked
	StatusNotProvisioned
	StatusAlreadyProvisioned
	StatusClockNotSet
	StatusCounter
	StatusAuthentication
	StatusSeedLength
	StatusProfile
	StatusFlash
	StatusDead
	StatusSerialMismatch
	StatusUnsupported
)

// AsError returns the status as an [Err], or nil for StatusOK.
func (s Status) AsError() error {
	if s == StatusOK {
		return nil
	}
	return Err(s)
}

// Err is a status other than StatusOK as an error: the token has refused a command.
type Err Status

// The token's refusals.
const (
	ErrUnknown            Err = Err(StatusUnknown)
	ErrInvalid            Err = Err(StatusInvalid)
	ErrLocked             Err = Err(StatusLocked)
	ErrNotProvisioned     Err = Err(StatusNotProvisioned)
	ErrAlreadyProvisioned Err = Err(StatusAlreadyProvisioned)
	ErrClockNotSet        Err = Err(StatusClockNotSet)
	ErrCounter            Err = Err(StatusCounter)
	ErrAuthentication     Err = Err(StatusAuthentication)
	ErrSeedLength         Err = Err(StatusSeedLength)
	ErrProfile            Err = Err(StatusProfile)
	ErrFlash              Err = Err(StatusFlash)
	ErrDead               Err = Err(StatusDead)
	ErrSerialMismatch     Err = Err(StatusSerialMismatch)
	ErrUnsupported        Err = Err(StatusUnsupported)
)

// Error describes the reason for the refusal.
func (e Err) Error() string {
	switch e {
	case ErrInvalid:
		return "an argument is missing or out of range"
	case ErrLocked:
		return "the token is locked"
	case ErrNotProvisioned:
		return "the token is not provisioned"
	case ErrAlreadyProvisioned:
		return "the token is already provisioned"
	case ErrClockNotSet:
		return "the token's clock has not been set since it lost power"
	case ErrCounter:
		return "the message has the wrong counter value (replayed, another station was faster, or the power failed meanwhile): provision again"
	case ErrAuthentication:
		return "message authentication failed (different station key, device, serial number or firmware)"
	case ErrSeedLength:
		return "the seed is shorter than 16 or longer than 64 bytes"
	case ErrProfile:
		return "the profile does not fit this device"
	case ErrFlash:
		return "the flash memory failed"
	case ErrDead:
		return "the token is dead"
	case ErrSerialMismatch:
		return "the token has a different serial number"
	case ErrUnsupported:
		return "this hardware does not support that"
	}
	return "unknown token error"
}

// rc maps a status to the less specific status of SMP version 1.
func (s Status) rc() RC {
	switch s {
	case StatusOK:
		return RCOK
	case StatusInvalid, StatusSeedLength, StatusProfile, StatusSerialMismatch:
		return RCInvalid
	case StatusLocked, StatusAuthentication:
		return RCAccessDenied
	case StatusNotProvisioned, StatusAlreadyProvisioned, StatusClockNotSet, StatusCounter, StatusDead:
		return RCBadState
	case StatusUnsupported:
		return RCUnsupported
	}
	return RCUnknown
}

// osRTCNotSet is the OS group's own code for a clock that was never set.
const osRTCNotSet = 4

// State is the stage of a token's life cycle.
type State uint8

// The states, in the order of a token's life.
const (
	StateBlank       State = iota // fresh from the factory, no seed
	StateProvisioned              // has a seed; can still be verified, and its clock set
	StateLocked                   // in the field
	StateExpired                  // past its expiry date
	StateDead                     // clock lost or battery at its end
	StateWiped                    // seed destroyed; may be provisioned anew
)

var stateNames = [...]string{"BLANK", "PROVISIONED", "LOCKED", "EXPIRED", "DEAD", "WIPED"}

// String returns the state's name in capitals.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "UNKNOWN"
}
