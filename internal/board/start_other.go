// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package board

import "os/exec"

// startBound starts a process and calls wait beside the caller. Killing this
// process leaves the other one running.
func startBound(cmd *exec.Cmd, wait func()) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go wait()
	return nil
}
