// SPDX-License-Identifier: Apache-2.0

package procgroup

import (
	"os/exec"
	"runtime"
	"syscall"
)

// StartBound starts a process that gets a signal if this one is killed, and calls wait in a
// goroutine. The kernel sends the signal when the thread that created the process ends, so
// the goroutine keeps its thread until wait returns.
func StartBound(cmd *exec.Cmd, s syscall.Signal, wait func()) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = s
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
