// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// flushWait is how long Close waits for a peer to receive the last bytes.
const flushWait = 250 * time.Millisecond

// telnetChunk is how many data bytes are escaped and queued at once.
const telnetChunk = 1024

// telnetPort is the common part of both sides of RFC 2217. Negotiation must continue
// while Read is not being called, and a write deadline must not cut its answers. So one
// goroutine reads from the connection, another writes to it, and Read and Write use the
// queues in between.
type telnetPort struct {
	streams
	conn    net.Conn
	addr    string
	decoder telnetDecoder

	mu      sync.Mutex // guards the rest of this block
	options *telnetOptions
	line    Line
	replies []byte // appended under mu, queued without it

	once   sync.Once
	pumps  sync.WaitGroup
	reader chan struct{} // closed when the connection delivers no more bytes
	writer chan struct{} // closed when out has been written, or given up
}

// newTelnetPort prepares a connection; run starts it. onSub is called for the peer's
// COM-PORT subnegotiations. onOption is called after each option, with mu held.
func newTelnetPort(conn net.Conn, addr string, onSub func(code byte, value []byte), onOption func(option byte)) *telnetPort {
	t := &telnetPort{
		streams: streams{newStream(), newStream()}, conn: conn, addr: addr, line: default8N1,
		reader: make(chan struct{}), writer: make(chan struct{}),
	}
	t.options = newTelnetOptions(func(verb, option byte) {
		t.replies = append(t.replies, telIAC, verb, option)
	})
	t.decoder.onOption = func(verb, option byte) {
		t.mu.Lock()
		t.options.handle(verb, option)
		onOption(option)
		t.unlockAndSend()
	}
	t.decoder.onSub = func(sub []byte) {
		if len(sub) >= 2 && sub[0] == optComPort {
			onSub(sub[1], sub[2:])
		}
	}
	return t
}

// run negotiates the options that both sides need, offers COM-PORT if offerComPort is
// true, and starts the pumps.
func (t *telnetPort) run(offerComPort bool) {
	t.mu.Lock()
	for _, option := range []byte{optBinary, optSGA} {
		t.options.offer(option)
		t.options.ask(option)
	}
	if offerComPort {
		t.options.offer(optComPort)
	}
	t.unlockAndSend()
	t.pumps.Add(2)
	go t.pumpIn()
	go t.pumpOut()
}

// sendSubLocked adds one COM-PORT subnegotiation to the replies.
func (t *telnetPort) sendSubLocked(code byte, value []byte) {
	t.replies = append(t.replies, telIAC, telSB, optComPort, code)
	t.replies = append(t.replies, escapeIAC(value)...)
	t.replies = append(t.replies, telIAC, telSE)
}

// unlockAndSend releases mu and queues the replies. Queueing may wait for the peer, and
// Line must not wait with it.
func (t *telnetPort) unlockAndSend() {
	replies := t.replies
	t.replies = nil
	t.mu.Unlock()
	if len(replies) > 0 {
		// An error means that the connection has ended, which Read and Write report.
		_ = t.out.put(replies, false)
	}
}

func (t *telnetPort) pumpIn() {
	defer t.pumps.Done()
	defer close(t.reader)
	raw, data := make([]byte, 4096), make([]byte, 0, 4096)
	for {
		n, err := t.conn.Read(raw)
		data = t.decoder.decode(data[:0], raw[:n])
		if len(data) > 0 {
			// After Close the bytes are read and discarded: closing a TCP connection
			// with unread input would reset it and lose our last bytes.
			_ = t.in.put(data, false)
		}
		if err != nil {
			t.in.shut(disconnectReason(err), ErrGone)
			return
		}
	}
}

func (t *telnetPort) pumpOut() {
	defer t.pumps.Done()
	defer close(t.writer)
	buf := make([]byte, 4096)
	for {
		n, err := t.out.read(buf)
		if err != nil {
			return
		}
		if _, err := t.conn.Write(buf[:n]); err != nil {
			t.out.shut(io.EOF, disconnectReason(err))
			t.out.discard()
			return
		}
	}
}

// disconnectReason returns the reason for which the connection ended, without the operation.
func disconnectReason(err error) error {
	if err = ioError("", "", err, false); errors.Is(err, os.ErrClosed) {
		return ErrGone // after our own Close, ErrClosed is returned elsewhere
	}
	return bareOp(err)
}

func (t *telnetPort) Read(p []byte) (int, error) {
	n, err := t.in.read(p)
	return n, ioError("reading", t.addr, err, false)
}

// Write queues p; the bytes are sent in the background.
func (t *telnetPort) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		part := p[n:min(len(p), n+telnetChunk)]
		if err := t.out.put(escapeIAC(part), true); err != nil {
			return n, ioError("writing", t.addr, err, false)
		}
		n += len(part)
	}
	return n, nil
}

// Line returns the line settings in force.
func (t *telnetPort) Line() (Line, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.line, true
}

func (t *telnetPort) Close() error {
	t.once.Do(func() {
		t.in.shut(os.ErrClosed, os.ErrClosed)
		t.out.shut(io.EOF, os.ErrClosed)
		_ = t.conn.SetWriteDeadline(time.Now().Add(flushWait))
		<-t.writer
		_ = t.conn.Close()
		t.pumps.Wait()
		t.in.readLimit.set(time.Time{})
		t.out.writeLimit.set(time.Time{})
	})
	return nil
}
