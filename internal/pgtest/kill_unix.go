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

// killChildren kills the server's other processes, on systems that list them in /proc.
// It stops the server first, to prevent new ones.
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
