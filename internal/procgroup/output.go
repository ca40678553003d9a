// SPDX-License-Identifier: Apache-2.0

package procgroup

import (
	"bytes"
	"sync"
)

// maxOutput is the number of bytes of a command's output that are kept.
const maxOutput = 1 << 20

// Output keeps the end of the output of a command, for Stdout and Stderr of an
// [os/exec.Cmd]. The zero value is empty. It is safe for concurrent use.
type Output struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed by the next Write; nil: no one waits
}

// Write implements [io.Writer].
func (o *Output) Write(p []byte) (int, error) {
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
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// More returns a channel that is closed by the next output.
func (o *Output) More() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}
