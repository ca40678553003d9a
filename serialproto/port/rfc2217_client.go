// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"encoding/binary"
	"net"
	"time"
)

// negotiateWait limits each of the two steps of negotiation. A server that does not
// answer may still pass bytes, so reaching the limit is not an error.
const negotiateWait = 2 * time.Second

// telnetClient is the client side of RFC 2217: the host's side.
type telnetClient struct {
	*telnetPort
	answered chan struct{} // closed after the server has accepted or refused the option
	settled  chan struct{} // closed after the server has acknowledged all settings
	wait     time.Duration // time limit of each step
	missing  map[byte]bool // settings that are not acknowledged yet; guarded by mu
}

var _ Port = (*telnetClient)(nil)

func newTelnetClient(conn net.Conn, addr string) *telnetClient {
	c := &telnetClient{
		answered: make(chan struct{}), settled: make(chan struct{}), wait: negotiateWait,
		missing: map[byte]bool{comBaudRate: true, comDataSize: true, comParity: true, comStopSize: true},
	}
	c.telnetPort = newTelnetPort(conn, addr, c.acknowledged, func(option byte) {
		if s := c.options.us[optComPort]; option == optComPort && s != optionAsked && !isDone(c.answered) {
			close(c.answered)
		}
	})
	c.run(true)
	return c
}

// negotiate requests the option and sets 115200 8N1. It fails only if the connection
// fails or ctx ends.
func (c *telnetClient) negotiate(ctx context.Context) error {
	if ok, err := c.await(ctx, c.answered); err != nil || !ok {
		return err
	}
	c.mu.Lock()
	if c.options.us[optComPort] != optionOn {
		c.mu.Unlock()
		return nil // a plain telnet server
	}
	// Discard bytes that the device sent earlier.
	c.sendSubLocked(comPurge, []byte{purgeBoth})
	c.sendSubLocked(comBaudRate, binary.BigEndian.AppendUint32(nil, uint32(default8N1.Baud)))
	c.sendSubLocked(comDataSize, []byte{byte(default8N1.DataBits)})
	c.sendSubLocked(comParity, []byte{byte(default8N1.Parity)})
	c.sendSubLocked(comStopSize, []byte{byte(default8N1.StopBits)})
	for _, v := range []byte{controlNoFlow, controlDTROn, controlRTSOn} {
		c.sendSubLocked(comControl, []byte{v})
	}
	c.unlockAndSend()
	_, err := c.await(ctx, c.settled)
	return err
}

// await reports whether done was closed in time.
func (c *telnetClient) await(ctx context.Context, done <-chan struct{}) (bool, error) {
	timer := time.NewTimer(c.wait)
	defer timer.Stop()
	select {
	case <-done:
		return true, nil
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-c.reader:
		return false, ErrGone
	}
}

// acknowledged records the value that the server reports to be in force, even if it is
// not the requested one.
func (c *telnetClient) acknowledged(code byte, value []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch code -= serverOffset; {
	case code == comBaudRate && len(value) == 4:
		c.line.Baud = int(min(binary.BigEndian.Uint32(value), maxBaud))
	case len(value) != 1:
		return
	case code == comDataSize:
		c.line.DataBits = int(value[0])
	case code == comParity:
		c.line.Parity = Parity(value[0])
	case code == comStopSize:
		c.line.StopBits = int(value[0])
	default:
		return
	}
	if delete(c.missing, code); len(c.missing) == 0 && !isDone(c.settled) {
		close(c.settled)
	}
}
