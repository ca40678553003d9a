// SPDX-License-Identifier: Apache-2.0

package board

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts a process that does not outlive this one, and calls wait in a
// goroutine. The kernel kills the child when the thread that created it ends, so the
// goroutine keeps its thread until wait returns.
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
