// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

// openPTY opens the host's end of a PTY.
func openPTY(a Addr) (Port, error) {
	p, err := openTTY(a.Path, a.String())
	if err != nil {
		return nil, openError("opening", a.String(), err)
	}
	_ = flushAll(p.file) // discard bytes that an earlier host did not read
	return p, nil
}
