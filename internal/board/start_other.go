// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package board

import "os/exec"

// startBound starts a process and calls wait in a goroutine. The process keeps running
// if this one is killed.
func startBound(cmd *exec.Cmd, wait func()) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go wait()
	return nil
}
