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

// Ready waits until the program answers, and returns its information. It must be called
// before Serve. If the program printed a reason why it cannot serve, the error contains
// it.
func (m *Machine) Ready(ctx context.Context) (host.Info, error) {
	heard := &listener{Conn: m.line}
	// Bytes that arrive before the program has set up its line are lost. Frequent
	// requests therefore get an answer soonest. On a busy machine that takes a while.
	const wait, each = time.Minute, 50 * time.Millisecond
	c := host.New(heard, host.WithTimeout(each), host.WithRetries(int(wait/each)))
	info, err := c.Info(ctx)
	if err == nil { // responses to repeated requests arrive before the response to this one
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
	if printed := strings.TrimSpace(string(heard.text)); printed != "" {
		err = fmt.Errorf("%w: the board printed %q", err, printed)
	}
	return info, err
}

// listener keeps the first bytes received over the line.
type listener struct {
	net.Conn
	text []byte
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.text = append(l.text, p[:min(n, saidMost-len(l.text))]...)
	return n, err
}
