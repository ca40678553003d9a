// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package procgroup

import "os"

// terminal is the controlling terminal. This package cannot wait for a stopped command
// on this system. With a terminal, the command therefore stays in our group, where Ctrl-Z
// works without our help.
type terminal struct{ fd int }

func openTerminal(chan os.Signal) *terminal {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	f.Close()
	return &terminal{}
}

func (t *terminal) shared() bool { return t != nil }
func (*terminal) ours() bool     { return false }
func (*terminal) takeBack(int)   {}
func (*terminal) close()         {}
func (p *Process) suspend()      {}

func hasMembers(int) bool { return true }
