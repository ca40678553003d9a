// SPDX-License-Identifier: Apache-2.0

package board

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts a process that does not outlive this one, and calls wait
// beside the caller. The kernel binds a child to the thread that made it, which
// therefore stays.
func startBound(cmd *exec.Cmd, wait func()) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			wait()
		}
	}()
	return <-started
}
