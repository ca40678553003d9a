// SPDX-License-Identifier: Apache-2.0

package procgroup

import (
	"bytes"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// terminal is the controlling terminal of this process.
type terminal struct {
	fd        int
	group     int            // our process group
	continued chan os.Signal // SIGCONT
}

// openTerminal returns the controlling terminal, nil if there is none. The end of a
// process or its stop will be sent to signals as SIGCHLD.
func openTerminal(signals chan os.Signal) *terminal {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	t := &terminal{fd, unix.Getpgrp(), make(chan os.Signal, 1)}
	signal.Notify(signals, syscall.SIGCHLD)
	signal.Notify(t.continued, syscall.SIGCONT)
	return t
}

func (t *terminal) close() {
	if t != nil {
		signal.Stop(t.continued)
		unix.Close(t.fd)
	}
}

// shared reports whether the command stays in our group.
func (*terminal) shared() bool { return false }

// ours reports whether our group is the one that reads the terminal.
func (t *terminal) ours() bool {
	if t == nil {
		return false
	}
	group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	return err == nil && group == t.group
}

// give makes a group the foreground group.
func (t *terminal) give(group int) {
	signal.Ignore(syscall.SIGTTOU) // it would stop a process in the background that does this
	defer signal.Reset(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, group)
}

// takeBack makes our group the foreground group again, if the command's group is it.
func (t *terminal) takeBack(command int) {
	if t == nil {
		return
	}
	if group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP); err == nil && group == command {
		t.give(t.group)
	}
}

// suspend stops our group if the command has been stopped, for example by Ctrl-Z. The
// shell only sees us: it takes the terminal back, and continues us after fg or bg.
func (p *Process) suspend() {
	t := p.tty
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOHANG, nil); err != nil || info.Signo == 0 {
		return // another process, or the command has ended
	}
	t.takeBack(p.cmd.Process.Pid)
	if canStop(t.group) {
		select {
		case <-t.continued: // an older one
		default:
		}
		_ = syscall.Kill(0, syscall.SIGTSTP)
		<-t.continued
	}
	if t.ours() {
		t.give(p.cmd.Process.Pid)
	}
	p.signal(syscall.SIGCONT)
}

// canStop reports whether SIGTSTP stops our group. The kernel ignores it for a group
// that has no parent in its session: no shell would continue it.
func canStop(group int) bool {
	if signal.Ignored(syscall.SIGTSTP) {
		return false
	}
	session, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	for pid := os.Getppid(); pid > 1; {
		s, err := statOf(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil || s.session != session {
			return false
		}
		if s.group != group {
			return true
		}
		pid = s.parent
	}
	return false
}

// hasMembers reports whether a process of a group is not a zombie.
func hasMembers(group int) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(files) == 0 {
		return true // there is no /proc here
	}
	for _, file := range files {
		if s, err := statOf(file); err == nil && s.group == group && s.state != 'Z' && s.state != 'X' {
			return true
		}
	}
	return false
}

// stat has fields of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	state                  byte
	parent, group, session int
}

func statOf(file string) (s stat, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	// The name of the program, in parentheses, may have any characters.
	f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(f) < 4 {
		return s, os.ErrInvalid
	}
	s.state = f[0][0]
	for i, to := range []*int{&s.parent, &s.group, &s.session} {
		if *to, err = strconv.Atoi(string(f[i+1])); err != nil {
			return s, err
		}
	}
	return s, nil
}
