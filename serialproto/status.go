// SPDX-License-Identifier: Apache-2.0

package serialproto

// RC is a status of the SMP layer itself: the "rc" of an answer (Zephyr's
// mcumgr_err_t).
type RC uint16

// The statuses that a token answers.
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

// Error says what the status means, in the words of a refused request.
func (rc RC) Error() string {
	switch rc {
	case RCOK:
		return "no error"
	case RCInvalid:
		return "the request's body is not valid"
	case RCNoEntry:
		return "no such entry"
	case RCBadState:
		return "the device is not in a state for this"
	case RCMessageSize:
		return "the message does not fit the device's buffer"
	case RCUnsupported:
		return "the device does not know this command"
	case RCCorrupt:
		return "the message is damaged"
	case RCAccessDenied:
		return "refused: the token is locked"
	case RCTooNew:
		return "the device does not speak this version of SMP"
	}
	return "unknown SMP error"
}

// Err is why the token refused a command of its own groups: the "rc" inside
// "err" in SMP version 2. The zero value means success.
type Err uint8

// The token's refusals.
const (
	OK                    Err = 0
	ErrUnknown            Err = 1
	ErrInvalid            Err = 2
	ErrLocked             Err = 3
	ErrNotProvisioned     Err = 4
	ErrAlreadyProvisioned Err = 5
	ErrClockNotSet        Err = 6
	ErrCounter            Err = 7
	ErrAuthentication     Err = 8
	ErrSeedLength         Err = 9
	ErrProfile            Err = 10
	ErrFlash              Err = 11
	ErrDead               Err = 12
	ErrSerialMismatch     Err = 13
	ErrUnsupported        Err = 14
)

// Error says why the token refused.
func (e Err) Error() string {
	switch e {
	case OK:
		return "no error"
	case ErrInvalid:
		return "an argument is missing or out of range"
	case ErrLocked:
		return "the token is locked"
	case ErrNotProvisioned:
		return "the token is not provisioned"
	case ErrAlreadyProvisioned:
		return "the token is provisioned already"
	case ErrClockNotSet:
		return "the token's clock has not been set since it lost power"
	case ErrCounter:
		return "the message is for another counter value (replayed, another station was faster, or the power failed meanwhile: begin again)"
	case ErrAuthentication:
		return "the message does not authenticate (another station key, device, serial number or firmware)"
	case ErrSeedLength:
		return "the seed is shorter than 16 or longer than 64 bytes"
	case ErrProfile:
		return "the profile does not fit this device"
	case ErrFlash:
		return "the flash memory failed"
	case ErrDead:
		return "the token is dead"
	case ErrSerialMismatch:
		return "the token has another serial number"
	case ErrUnsupported:
		return "this hardware cannot do that"
	}
	return "unknown token error"
}

// rc maps a refusal to the coarser status that SMP version 1 can carry.
func (e Err) rc() RC {
	switch e {
	case OK:
		return RCOK
	case ErrInvalid, ErrSeedLength, ErrProfile, ErrSerialMismatch:
		return RCInvalid
	case ErrLocked, ErrAuthentication:
		return RCAccessDenied
	case ErrNotProvisioned, ErrAlreadyProvisioned, ErrClockNotSet, ErrCounter, ErrDead:
		return RCBadState
	case ErrUnsupported:
		return RCUnsupported
	}
	return RCUnknown
}

// osRTCNotSet is the OS group's own code for a clock that was never set.
const osRTCNotSet = 4

// State is where a token is in its life.
type State uint8

// The states, in the order of a token's life.
const (
	StateBlank       State = iota // fresh from the factory, no seed
	StateProvisioned              // seed in, still verifiable and settable
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
