// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package procgroup

import "os"

// forwarded are the signals that would end this process. The console sends them to the
// command as well.
var forwarded = []os.Signal{os.Interrupt}

// terminal does not exist on this system.
type terminal struct{}

func openTerminal(chan os.Signal) *terminal { return nil }
func (*terminal) takeBack(int)              {}
func (*terminal) close()                    {}

func (p *Process) prepare()           {}
func (p *Process) terminate()         { p.kill() } // there is no signal that asks
func (p *Process) kill()              { _ = p.cmd.Process.Kill() }
func (p *Process) received(os.Signal) {}
func (p *Process) alive() bool        { return false }

func signalOf(*os.ProcessState) int { return 0 }
