// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"errors"

	"github.com/d204ef64/fob/internal/errclass"
)

var (
	// ErrUnsupported is returned by a [Rig] method that its hardware cannot perform.
	ErrUnsupported = errclass.New(errclass.Unsupported, "not supported by this hardware")

	// ErrRange is returned by a [Rig] method for a value outside its hardware's range.
	ErrRange = errclass.New(errclass.Usage, "out of the hardware's range")

	// ErrGeometry is returned by [Core.Boot] for flash that cannot hold the firmware's
	// log.
	ErrGeometry = errclass.New(errclass.Failed, "flash needs two or more pages of whole slots")

	errNotMounted = errors.New("the flash could not be read at boot")

	errLost      = errors.New("cannot read the token's record in flash")
	errTraces    = errors.New("cannot erase an older record in flash")
	errFlashWorn = errors.New("no writable slot left in flash")
)
