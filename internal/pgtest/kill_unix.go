// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// killChildren kills the server's other processes, where the system lists them. The
// server is stopped first, so that it makes no more of them.
func (p *process) killChildren() {
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	pid := strconv.Itoa(p.cmd.Process.Pid)
	list, _ := os.ReadFile(filepath.Join("/proc", pid, "task", pid, "children"))
	for field := range strings.FieldsSeq(string(list)) {
		if n, err := strconv.Atoi(field); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
}
