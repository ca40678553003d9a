// SPDX-License-Identifier: Apache-2.0

//go:build unix

package procgroup

import (
	"os"
	"syscall"
)

// forwarded are the signals that a command in the foreground gets.
var forwarded = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
}

// prepare sets the group of the command.
//
// It is a group of its own also on a terminal. In our group, a signal to the whole group
// would also reach the script that has started us, and processes that the command leaves
// behind could not be found. A group in the background cannot read the terminal, so the
// command's group becomes the foreground group. Like a shell, suspend then handles Ctrl-Z.
func (p *Process) prepare() {
	if p.tty.shared() {
		return
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.tty.ours() {
		p.cmd.SysProcAttr.Foreground, p.cmd.SysProcAttr.Ctty = true, p.tty.fd
	}
}

// signal sends a signal to the group.
func (p *Process) signal(s syscall.Signal) {
	if p.tty.shared() {
		_ = p.cmd.Process.Signal(s)
		return
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, s)
}

// terminate asks the group to end. A stopped process can only do so when it continues.
func (p *Process) terminate() {
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT)
}

func (p *Process) kill() { p.signal(syscall.SIGKILL) }

// received handles a signal to this process.
func (p *Process) received(s os.Signal) {
	switch {
	case s == syscall.SIGCHLD:
		p.suspend()
	case p.tty.shared() && (s == syscall.SIGINT || s == syscall.SIGQUIT):
		// The terminal has sent it to the command as well.
	default:
		p.signal(s.(syscall.Signal))
		if s == syscall.SIGTERM || s == syscall.SIGHUP { // see terminate
			p.signal(syscall.SIGCONT)
		}
	}
}

// alive reports whether there is a process in the group, after the command has ended.
// Zombies, which nothing collects in a container without an init process, do not count.
func (p *Process) alive() bool {
	if p.tty.shared() {
		return false
	}
	group := p.cmd.Process.Pid
	return syscall.Kill(-group, 0) != syscall.ESRCH && hasMembers(group)
}

// signalOf returns the number of the signal that has ended a process.
func signalOf(s *os.ProcessState) int {
	status, ok := s.Sys().(syscall.WaitStatus)
	if !ok {
		return 0
	}
	return int(status.Signal())
}
