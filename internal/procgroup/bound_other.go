// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package procgroup

import (
	"os/exec"
	"syscall"
)

// StartBound starts a process and calls wait in a goroutine. The process keeps running
// if this one is killed.
func StartBound(cmd *exec.Cmd, _ syscall.Signal, wait func()) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go wait()
	return nil
}
