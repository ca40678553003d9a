// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
)

// wantPTYs is how many pseudo-terminals should be free: fob run opens one for each token
// of a fleet of up to this size.
const wantPTYs = 64

// pty checks that pseudo-terminals are left.
func (s *System) pty(context.Context) []Result {
	err := s.OpenPTY()
	if class, _ := errclass.Of(err); class == errclass.Unsupported {
		return []Result{{Outcome: Unknown, Detail: "this system has no pseudo-terminals: use fob run --tcp"}}
	}
	limit, known := s.number("/proc/sys/kernel/pty/max")
	used, knownUse := s.number("/proc/sys/kernel/pty/nr")
	switch {
	case known && knownUse && limit-used < wantPTYs:
		return []Result{{
			Outcome: Wrong, Detail: fmt.Sprintf("%d of %d pseudo-terminals are in use: a fleet of %d needs more", used, limit, wantPTYs),
			Command: fmt.Sprintf("sudo sysctl -w kernel.pty.max=%d", used+4096),
		}}
	case err != nil:
		return []Result{{Outcome: Wrong, Detail: "a pseudo-terminal cannot be opened: " + err.Error(), Command: "sudo mount -t devpts devpts /dev/pts"}}
	case known && knownUse:
		return []Result{{Outcome: OK, Detail: fmt.Sprintf("%d of %d pseudo-terminals are in use", used, limit)}}
	}
	return []Result{{Outcome: OK, Detail: "a pseudo-terminal can be opened"}}
}

// number reads a number of the kernel.
func (s *System) number(path string) (n int, known bool) {
	b, err := os.ReadFile(filepath.Join(s.Root, path))
	if err != nil {
		return 0, false
	}
	n, err = strconv.Atoi(strings.TrimSpace(string(b)))
	return n, err == nil
}

// wantFiles is how many files a process should be able to open: the API and the ports of
// a small fleet with their hosts.
const wantFiles = 1024

// files checks the limit of open files.
func (s *System) files(context.Context) []Result {
	limit, known := s.Files()
	switch {
	case !known:
		return []Result{{Outcome: Unknown, Detail: "this system does not report its limit of open files"}}
	case limit < wantFiles:
		return []Result{{
			Outcome: Wrong, Detail: fmt.Sprintf("a process may open %d files: want %d or more", limit, wantFiles),
			Command: "sudo prlimit --pid $$ --nofile=65536",
		}}
	}
	return []Result{{Outcome: OK, Detail: fmt.Sprintf("a process may open %d files", limit)}}
}
