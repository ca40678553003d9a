// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"errors"

	"github.com/d204ef64/fob/internal/errclass"
)

var (
	// ErrUnsupported is what a [Rig] method returns for what its hardware lacks.
	ErrUnsupported = errclass.New(errclass.Unsupported, "not supported by this hardware")

	// ErrRange is what a [Rig] method returns for a value that its hardware does
	// not take.
	ErrRange = errclass.New(errclass.Usage, "out of this hardware's range")

	// ErrGeometry is what [Core.Boot] returns for flash that cannot hold the
	// firmware's log.
	ErrGeometry = errclass.New(errclass.Failed, "flash needs two or more pages of whole slots")

	errNotMounted = errors.New("the flash could not be read at boot")

	errLost      = errors.New("the token's record in flash cannot be read any more")
	errTraces    = errors.New("an older record is left in flash and cannot be made unreadable")
	errFlashWorn = errors.New("no slot of the flash takes a record")
)
