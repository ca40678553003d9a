// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/d204ef64/fob/internal/procgroup"
)

// process is a command in the background.
type process struct {
	name           string
	cmd            *exec.Cmd
	cancel         context.CancelFunc // ends it
	stdout, stderr procgroup.Output
	reported       bool // its failure was reported

	*procgroup.Process
}

// dead returns an error if a command in the background has failed.
func (r *runner) dead() error {
	for _, p := range r.procs {
		select {
		case <-p.Done():
			if p.Wait() != nil && !p.reported {
				p.reported = true
				return unmet(p.name+" to run in the background", "it ended (%s)%s", p.cmd.ProcessState, r.shown("stderr", &p.stderr))
			}
		default:
		}
	}
	return nil
}

// stopAll ends the commands in the background, the newest first.
func (r *runner) stopAll() {
	for i := len(r.procs) - 1; i >= 0; i-- {
		r.procs[i].cancel()
		<-r.procs[i].Done()
	}
}

// shown returns an output for a failure. Secrets are masked before it is shortened,
// which may cut one in two.
func (r *runner) shown(name string, o *procgroup.Output) string {
	text := r.mask(o.String())
	if text == "" {
		return ""
	}
	return fmt.Sprintf("; %s: %s", name, shorten(text))
}
