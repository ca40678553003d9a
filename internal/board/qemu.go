// SPDX-License-Identifier: Apache-2.0

package board

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/procgroup"
	"github.com/d204ef64/fob/serialproto/port"
)

const qemu = "qemu-system-riscv32"

// Errors to branch on.
var (
	ErrImage   = errclass.New(errclass.Usage, "no firmware image")
	ErrStopped = errclass.New(errclass.Unreachable, "QEMU exited")
	ErrClock   = errclass.New(errclass.Usage, "outside the range of QEMU's real-time clock")
)

// Config is the configuration of a Machine.
type Config struct {
	Image string    // the program, from Target.Build
	Flash string    // the flash file, from CreateFlash
	At    time.Time // initial time of the real-time clock, to the second; zero: this machine's time
}

// Machine is a board running in a QEMU process.
type Machine struct {
	cmd    *exec.Cmd
	line   net.Conn
	output limited // the output of QEMU
	done   chan struct{}
	err    error // valid once done is closed
}

// clockReach is how far from now QEMU's real-time clock can be set. QEMU stores the
// difference as 32 bits of seconds, and silently shows another time if it is larger.
// One day is subtracted as a margin for the time zone and for long runs.
const clockReach = (1<<31 - 86400) * time.Second

// Check reports a configuration with which a board cannot start. It does not check the
// flash. The error wraps ErrTools, ErrImage or ErrClock.
func (c Config) Check() error {
	if err := checkImage(c.Image); err != nil {
		return err
	}
	if off := time.Until(c.At); !c.At.IsZero() && (off < -clockReach || off > clockReach) {
		now := time.Now().UTC()
		return fmt.Errorf("%w: %s, want %s to %s", ErrClock, c.At.UTC().Format(time.DateOnly),
			now.Add(-clockReach).Format(time.DateOnly), now.Add(clockReach).Format(time.DateOnly))
	}
	if _, err := exec.LookPath(qemu); err != nil {
		return fmt.Errorf("%w: %s is not installed (Debian: apt-get install qemu-system-misc)", ErrTools, qemu)
	}
	return nil
}

// checkImage rejects files that are not programs for this processor.
func checkImage(path string) error {
	f, err := elf.Open(path)
	var format *elf.FormatError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s does not exist: build it with fob board build", ErrImage, path)
	case errors.As(err, &format), errors.Is(err, io.EOF), errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%w: %s is not an ELF file", ErrImage, path)
	case err != nil:
		return err
	}
	defer f.Close()
	if f.Machine != elf.EM_RISCV || f.Class != elf.ELFCLASS32 {
		return fmt.Errorf("%w: %s is a program for another processor (%v, %v)", ErrImage, path, f.Machine, f.Class)
	}
	return nil
}

// Start switches a board on. Its serial line is connected from the first byte. The
// error wraps ErrTools, ErrImage, ErrClock or ErrFlash. If another board is running on
// the same flash, it wraps port.ErrBusy.
func Start(c Config) (*Machine, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := checkFlash(c.Flash); err != nil {
		return nil, err
	}
	// QEMU does not lock the file of a pflash drive.
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
	m.cmd = exec.Command(qemu, c.args()...)
	m.cmd.ExtraFiles = []*os.File{far} // becomes descriptor 3
	m.cmd.Stdout, m.cmd.Stderr = &m.output, &m.output
	if err := procgroup.StartBound(m.cmd, syscall.SIGKILL, func() {
		m.err = errors.Join(m.cmd.Wait(), lock.Unlock())
		close(m.done)
	}); err != nil {
		near.Close()
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrTools, err), lock.Unlock())
	}
	return m, nil
}

// args returns the arguments of QEMU. The image is passed with -bios: with -kernel and
// a pflash drive, QEMU would start it through firmware that is not there.
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

// PID returns the process ID of QEMU.
func (m *Machine) PID() int { return m.cmd.Process.Pid }

// Done returns a channel that is closed when QEMU has exited.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Err waits until QEMU has exited and returns the reason. The error wraps ErrStopped.
func (m *Machine) Err() error {
	<-m.done
	why := "without an error"
	if m.err != nil {
		why = m.err.Error()
	}
	if output := m.output.String(); output != "" {
		why += ": " + output
	}
	return fmt.Errorf("%w: %s", ErrStopped, why)
}

// Kill cuts the power: it sends SIGKILL, which leaves no chance to clean up. The flash
// file keeps the data programmed so far. Kill returns when the process has ended.
func (m *Machine) Kill() {
	_ = m.cmd.Process.Kill()
	<-m.done
	m.line.Close()
}

// limited is a buffer that keeps only the first bytes written to it.
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
