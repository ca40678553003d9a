// SPDX-License-Identifier: Apache-2.0

package port

import "golang.org/x/sys/windows"

// platformGone are the errors of Windows for a vanished peer or an unplugged device.
var platformGone = []error{
	windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAETIMEDOUT,
	windows.ERROR_BAD_COMMAND, windows.ERROR_DEVICE_NOT_CONNECTED, windows.ERROR_GEN_FAILURE,
	windows.ERROR_OPERATION_ABORTED, windows.ERROR_ACCESS_DENIED,
}
