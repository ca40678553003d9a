// SPDX-License-Identifier: Apache-2.0

package board

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/d204ef64/fob/serialproto/port"
)

const qemu = "qemu-system-riscv32"

// Errors to branch on.
var (
	ErrImage   = errors.New("no firmware image")
	ErrStopped = errors.New("QEMU has ended")
)

// Config says what to run.
type Config struct {
	Image string    // the program, from Target.Build
	Flash string    // the flash file, from CreateFlash
	At    time.Time // what the real-time clock begins with, to the second; zero: this machine's time
}

// Machine is a board that runs in a QEMU process.
type Machine struct {
	cmd  *exec.Cmd
	line net.Conn
	said limited // what QEMU printed
	done chan struct{}
	err  error // once done is closed
}

// Start switches a board on. Its serial line is connected from the first byte.
// The error wraps ErrTools, ErrImage, ErrFlash or, where another board runs on
// that flash, port.ErrBusy.
func Start(c Config) (*Machine, error) {
	if _, err := os.Stat(c.Image); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s does not exist (fob board build makes it)", ErrImage, c.Image)
	} else if err != nil {
		return nil, err
	}
	if err := checkFlash(c.Flash); err != nil {
		return nil, err
	}
	program, err := exec.LookPath(qemu)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not installed (Debian: apt-get install qemu-system-misc)", ErrTools, qemu)
	}
	// QEMU does not lock the file of a flash chip.
	lock := flock.New(c.Flash, flock.SetFlag(os.O_RDWR))
	if locked, err := lock.TryLock(); err != nil {
		return nil, err
	} else if !locked {
		return nil, fmt.Errorf("flash %s: %w", c.Flash, port.ErrBusy)
	}
	near, far, err := socketPair()
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	defer far.Close()
	m := &Machine{line: near, done: make(chan struct{})}
	m.cmd = exec.Command(program, c.args()...)
	m.cmd.ExtraFiles = []*os.File{far} // descriptor 3
	m.cmd.Stdout, m.cmd.Stderr = &m.said, &m.said
	if err := startBound(m.cmd, func() {
		m.err = errors.Join(m.cmd.Wait(), lock.Unlock())
		close(m.done)
	}); err != nil {
		near.Close()
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrTools, err), lock.Unlock())
	}
	return m, nil
}

// args are QEMU's. The image goes in by -bios: with a flash drive, -kernel would
// hand it to firmware that is not there.
func (c Config) args() []string {
	clock := "base=utc"
	if !c.At.IsZero() {
		clock = "base=" + c.At.UTC().Format("2006-01-02T15:04:05")
	}
	return []string{
		"-machine", "virt,aclint=on", "-smp", "1", "-nodefaults", "-display", "none", "-monitor", "none",
		"-chardev", "socket,id=line,fd=3", "-serial", "chardev:line",
		"-bios", c.Image, "-device", "virtio-rng-device", "-rtc", clock,
		"-drive", "if=pflash,unit=1,format=raw,file=" + strings.ReplaceAll(c.Flash, ",", ",,"),
	}
}

// Line is the host's end of the board's serial line.
func (m *Machine) Line() net.Conn { return m.line }

// PID is QEMU's.
func (m *Machine) PID() int { return m.cmd.Process.Pid }

// Done is closed when QEMU has ended.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Err says why QEMU ended; it wraps ErrStopped. It waits for the end.
func (m *Machine) Err() error {
	<-m.done
	why := "without an error"
	if m.err != nil {
		why = m.err.Error()
	}
	if said := m.said.String(); said != "" {
		why += ": " + said
	}
	return fmt.Errorf("%w: %s", ErrStopped, why)
}

// Kill cuts the power: SIGKILL, so that nothing is tidied up. What was
// programmed is in the flash file. It returns when the process has ended.
func (m *Machine) Kill() {
	_ = m.cmd.Process.Kill()
	<-m.done
	m.line.Close()
}

// limited keeps the first bytes of what is written.
type limited struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const saidMost = 2000

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(p[:min(len(p), saidMost-l.buf.Len())])
	return len(p), nil
}

func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(l.buf.String())
}
