// SPDX-License-Identifier: Apache-2.0

package port

import (
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ptyWatch notifies the served terminals of this process when a host closes one. All
// share one inotify instance, because Linux allows a user only 128 of them.
type ptyWatch struct {
	mu      sync.Mutex
	inotify *os.File // nil while no terminal is served
	servers map[int32]*ptyServer
}

var hostWatch ptyWatch

// watchHosts registers s for notification when a host closes its terminal. It reports
// whether that succeeded.
func watchHosts(s *ptyServer) bool {
	w := &hostWatch
	w.mu.Lock()
	if w.inotify == nil {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
		if err != nil {
			w.mu.Unlock()
			return false
		}
		w.inotify, w.servers = os.NewFile(uintptr(fd), "inotify"), map[int32]*ptyServer{}
		go w.follow(w.inotify)
	}
	err := control(w.inotify, func(fd int) error {
		// Hosts open a terminal for reading and writing. Our own descriptor is
		// read-only, so closing it causes a different event.
		wd, err := unix.InotifyAddWatch(fd, s.name, unix.IN_CLOSE_WRITE)
		if err == nil {
			w.servers[int32(wd)] = s
		}
		return err
	})
	idle := w.idleLocked()
	w.mu.Unlock()
	closeIdle(idle)
	return err == nil
}

// unwatchHosts undoes watchHosts.
func unwatchHosts(s *ptyServer) {
	w := &hostWatch
	w.mu.Lock()
	for wd, server := range w.servers {
		if server == s {
			delete(w.servers, wd)
			_ = control(w.inotify, func(fd int) error {
				_, err := unix.InotifyRmWatch(fd, uint32(wd))
				return err
			})
		}
	}
	idle := w.idleLocked()
	w.mu.Unlock()
	closeIdle(idle)
}

// idleLocked removes and returns an instance that watches nothing. The caller must
// close it without holding the lock: Close waits for follow, which may wait for the
// lock.
func (w *ptyWatch) idleLocked() *os.File {
	if len(w.servers) > 0 {
		return nil
	}
	idle := w.inotify
	w.inotify = nil
	return idle
}

func closeIdle(inotify *os.File) {
	if inotify != nil {
		inotify.Close()
	}
}

// follow handles the events of an instance as they arrive, until it is closed.
func (w *ptyWatch) follow(inotify *os.File) {
	conn, err := inotify.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.drainLocked(int(fd))
		return false
	})
}

// handleHostEvents handles the events so far.
func handleHostEvents() {
	w := &hostWatch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inotify != nil {
		_ = control(w.inotify, func(fd int) error {
			w.drainLocked(fd)
			return nil
		})
	}
}

func (w *ptyWatch) drainLocked(fd int) {
	var buf [4096]byte
	for {
		n, err := unix.Read(fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for at := 0; at+unix.SizeofInotifyEvent <= n; {
			event := (*unix.InotifyEvent)(unsafe.Pointer(&buf[at]))
			at += unix.SizeofInotifyEvent + int(event.Len)
			if event.Mask&unix.IN_Q_OVERFLOW != 0 {
				for _, s := range w.servers {
					s.hostLeft()
				}
			} else if s := w.servers[event.Wd]; s != nil && event.Mask&unix.IN_CLOSE_WRITE != 0 {
				s.hostLeft()
			}
		}
	}
}

// recheckTimes is how many times recheckLocked repeats its check. The pause before the
// first repetition is 1 ms, and it doubles each time.
const recheckTimes = 11

// hostLeft handles a host's closing of the terminal. After the last host has closed it,
// the terminal is reset to the state before the first one.
func (s *ptyServer) hostLeft() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostPresent = false
	s.recheckLocked(0)
}

// recheckLocked checks whether a host is left. The kernel reports a close a little
// before it is complete, so the check is repeated while a host seems to be left.
func (s *ptyServer) recheckLocked(times int) {
	if s.recheck != nil {
		s.recheck.Stop()
		s.recheck = nil
	}
	switch {
	case s.closed.Load():
	case s.slave != nil && !s.hasHostLocked():
		s.hostPresent = false
		s.forgetHostLocked()
	case times < recheckTimes:
		var timer *time.Timer
		timer = time.AfterFunc(time.Millisecond<<times, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.recheck == timer {
				s.recheckLocked(times + 1)
			}
		})
		s.recheck = timer
	}
}

// forgetHostLocked discards bytes that no host has read. hasHostLocked has already
// ended the exclusive use.
func (s *ptyServer) forgetHostLocked() { _ = flushInput(s.slave) }

// hasHostLocked reports whether a host has the terminal open. The kernel reports a
// hang-up to the master if no process has the other end open, so our own descriptor
// must be closed during the check.
//
// TIOCEXCL would prevent us from opening it again, unless we are root; so it is cleared
// during the check. It stays cleared if no host is left: a terminal keeps it while its
// master is open, and after the death of a host no other could open the terminal.
func (s *ptyServer) hasHostLocked() bool {
	exclusive := isExclusive(s.slave)
	if exclusive {
		_ = setExclusive(s.slave, false)
	}
	s.slave.Close()
	s.slave = nil
	present := !hangsUp(s.master)
	s.reopenSlaveLocked()
	if present && exclusive && s.slave != nil {
		_ = setExclusive(s.slave, true)
	}
	return present
}

// reopenSlaveLocked opens our own descriptor again. It fails if a host has opened the
// terminal and made its use exclusive in that moment.
func (s *ptyServer) reopenSlaveLocked() {
	if s.slave != nil {
		return
	}
	if f, err := openOwnSlave(s.name); err == nil {
		s.slave = f
	}
}

// openOwnSlave opens a terminal for ioctls. O_RDONLY distinguishes it from the hosts;
// see watchHosts.
func openOwnSlave(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
}

// isExclusive reports whether TIOCEXCL is set.
func isExclusive(f *os.File) bool {
	on := 0
	err := control(f, func(fd int) (err error) {
		on, err = unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		return err
	})
	return err == nil && on != 0
}

// hangsUp reports whether no process has the other end of a terminal open.
func hangsUp(master *os.File) bool {
	fds := []unix.PollFd{{}}
	err := control(master, func(fd int) error {
		fds[0].Fd = int32(fd)
		for {
			if _, err := unix.Poll(fds, 0); err != unix.EINTR {
				return err
			}
		}
	})
	return err == nil && fds[0].Revents&unix.POLLHUP != 0
}
