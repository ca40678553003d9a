// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"sync"

	"github.com/d204ef64/fob/internal/procgroup"
)

// process is a command in the background.
type process struct {
	name           string
	cmd            *exec.Cmd
	cancel         context.CancelFunc // ends it
	stdout, stderr output
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

// maxOutput is the number of bytes of a command's output that are kept.
const maxOutput = 1 << 20

// output keeps the end of the output of a command. It is safe for concurrent use.
type output struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed by the next Write; nil: no one waits
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if n := len(o.text) - maxOutput; n > 0 {
		// A whole line goes: half of a secret could not be masked.
		if end := bytes.IndexByte(o.text[n:], '\n'); end >= 0 {
			n += end + 1
		}
		o.text = append(o.text[:0], o.text[n:]...)
	}
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return len(p), nil
}

// String returns the output so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// more returns a channel that is closed by the next output.
func (o *output) more() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}

// shown returns an output for a failure. Secrets are masked before it is shortened,
// which may cut one in two.
func (r *runner) shown(name string, o *output) string {
	text := r.mask(o.String())
	if text == "" {
		return ""
	}
	return fmt.Sprintf("; %s: %s", name, shorten(text))
}
