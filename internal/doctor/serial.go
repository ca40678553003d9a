// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// devices are the names of serial devices that may be a token. The ports of
// a PC's mainboard (ttyS0 to ttyS31) mostly exist without hardware behind them.
var devices = []string{"ttyACM*", "ttyUSB*", "ttyAMA*", "ttyGS*", "cu.usb*"}

// serial checks which serial ports exist, and whether they can be opened.
func (s *System) serial(context.Context) []Result {
	var paths []string
	for _, pattern := range devices {
		found, _ := filepath.Glob(filepath.Join(s.Root, "/dev", pattern))
		paths = append(paths, found...)
	}
	paths = append(paths, s.Ports...)
	if len(paths) == 0 {
		return []Result{{Outcome: OK, Detail: "no serial ports"}}
	}
	var results []Result
	for _, path := range paths {
		results = append(results, s.serialPort(path))
	}
	return results
}

func (s *System) serialPort(path string) Result {
	device, err := filepath.EvalSymlinks(strings.TrimPrefix(path, "pty:"))
	if err == nil {
		err = s.Access(device)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Result{Outcome: Wrong, Detail: path + " does not exist", Command: "fob device list"}
	case errors.Is(err, fs.ErrPermission):
		return Result{
			Outcome: Wrong, Detail: fmt.Sprintf("%s may be opened only by its owner and the group %s", path, group(device)),
			Command: "sudo usermod -aG " + group(device) + " $USER   # then log in again",
		}
	case err != nil:
		return Result{Outcome: Wrong, Detail: path + ": " + err.Error(), Command: "ls -l " + path}
	}
	holders, known := s.holders(device)
	switch {
	case !known:
		return Result{Outcome: Unknown, Detail: path + " may be opened; this system does not report whether it is in use"}
	case len(holders) > 0:
		return Result{
			Outcome: Wrong, Detail: fmt.Sprintf("%s is in use by %s", path, strings.Join(holders, ", ")),
			Command: "kill " + strings.Fields(holders[0])[1] + "   # or close that program",
		}
	}
	return Result{Outcome: OK, Detail: path + " can be opened"}
}

// holders returns the processes that keep others from opening a device, as "process 7
// (minicom)". Locks are visible for the processes of all users, open files only for this
// user. A pseudo-terminal is always open in the process that serves it, so only its
// locks count.
func (s *System) holders(device string) (holders []string, known bool) {
	locks, err := os.ReadFile(filepath.Join(s.Root, "/proc/locks"))
	if err != nil {
		return nil, false
	}
	var pids []string
	for line := range strings.Lines(string(locks)) {
		// 1: FLOCK  ADVISORY  WRITE 4242 00:18:6 0 EOF
		f := strings.Fields(line)
		if len(f) >= 6 && f[1] == "FLOCK" && f[5] == inode(device) {
			pids = append(pids, f[4])
		}
	}
	if !isPTY(device) {
		files, _ := filepath.Glob(filepath.Join(s.Root, "/proc/[0-9]*/fd/*"))
		for _, file := range files {
			if to, err := os.Readlink(file); err == nil && to == device {
				pids = append(pids, filepath.Base(filepath.Dir(filepath.Dir(file))))
			}
		}
	}
	slices.Sort(pids)
	for _, pid := range slices.Compact(pids) {
		name, _ := os.ReadFile(filepath.Join(s.Root, "/proc", pid, "comm"))
		holders = append(holders, fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(name))))
	}
	return holders, true
}

func isPTY(device string) bool { return strings.HasPrefix(device, "/dev/pts/") }
