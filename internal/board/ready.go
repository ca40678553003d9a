// SPDX-License-Identifier: Apache-2.0

package board

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/d204ef64/fob/serialproto/host"
)

// Ready waits until the program answers, and returns who it is. Call it before
// Serve. Where the program says instead what keeps it from serving, that is in
// the error.
func (m *Machine) Ready(ctx context.Context) (host.Info, error) {
	heard := &listener{Conn: m.line}
	// What arrives before the program has set up its line is lost: asked often,
	// it answers soon, but for a machine that is busy with other things.
	const wait, each = time.Minute, 50 * time.Millisecond
	c := host.New(heard, host.WithTimeout(each), host.WithRetries(int(wait/each)))
	info, err := c.Info(ctx)
	if err == nil { // the answers to what was asked twice come before this one
		_, err = c.Params(ctx)
	}
	if err == nil {
		return info, nil
	}
	select {
	case <-m.done:
		err = m.Err()
	default:
	}
	if said := strings.TrimSpace(string(heard.text)); said != "" {
		err = fmt.Errorf("%w; the board says %q", err, said)
	}
	return info, err
}

// listener keeps the start of what comes over the line.
type listener struct {
	net.Conn
	text []byte
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.text = append(l.text, p[:min(n, saidMost-len(l.text))]...)
	return n, err
}
