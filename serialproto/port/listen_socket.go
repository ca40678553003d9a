// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"net"
	"sync"
	"time"
)

// maxPending limits the number of connections that have not been accepted yet, and also
// the number of those whose client has not sent the password.
const maxPending = 64

// acceptPause prevents a busy loop in a process that has run out of descriptors.
const acceptPause = 10 * time.Millisecond

// socketListener serves TCP, Unix and RFC 2217.
type socketListener struct {
	inner    net.Listener
	addr     string
	scheme   Scheme
	password string
	wait     time.Duration // for the password line

	ready  chan Port
	closed chan struct{}
	once   sync.Once
	work   sync.WaitGroup
	slots  chan struct{}

	mu      sync.Mutex
	pending map[net.Conn]struct{} // connections whose password is awaited
}

var _ Listener = (*socketListener)(nil)

func newSocketListener(inner net.Listener, a Addr, o options) *socketListener {
	l := &socketListener{
		inner: inner, addr: a.String(), scheme: a.Scheme, password: o.password, wait: o.wait,
		ready: make(chan Port, maxPending), closed: make(chan struct{}), slots: make(chan struct{}, maxPending),
		pending: map[net.Conn]struct{}{},
	}
	l.work.Add(1)
	go l.acceptLoop()
	return l
}

func (l *socketListener) acceptLoop() {
	defer l.work.Done()
	for {
		conn, err := l.inner.Accept()
		if isDone(l.closed) {
			if err == nil {
				conn.Close()
			}
			return
		}
		if err != nil {
			select {
			case <-l.closed:
			case <-time.After(acceptPause):
			}
			continue
		}
		if l.password == "" {
			l.offer(l.wrap(conn)) // not in a goroutine: clients are served in order
			continue
		}
		select {
		case l.slots <- struct{}{}:
			l.work.Add(1)
			go l.greet(conn)
		default:
			conn.Close()
		}
	}
}

// wrap makes a Port from a connection.
func (l *socketListener) wrap(conn net.Conn) Port {
	if l.scheme == RFC2217 {
		return newLossy(newTelnetServer(conn, l.addr))
	}
	return newLossy(&endpoint{inner: conn, addr: l.addr})
}

// offer queues p for Accept, or closes it if too many are waiting.
func (l *socketListener) offer(p Port) {
	select {
	case l.ready <- p:
	default:
		p.Close()
	}
}

// greet waits for the password before it offers the connection.
func (l *socketListener) greet(conn net.Conn) {
	defer l.work.Done()
	defer func() { <-l.slots }()
	if !l.track(conn) {
		conn.Close()
		return
	}
	p := l.wrap(conn)
	err := expectPassword(p, l.password, l.wait)
	l.untrack(conn) // from now on it may belong to the caller of Accept
	if err != nil {
		p.Close()
		return
	}
	l.offer(p)
}

// track registers conn so that Close can end the wait for its password. It returns
// false if Close has been called.
func (l *socketListener) track(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending[conn] = struct{}{}
	return !isDone(l.closed)
}

func (l *socketListener) untrack(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, conn)
}

func (l *socketListener) Accept(ctx context.Context) (Port, error) {
	return acceptNext(ctx, l.addr, l.ready, l.closed)
}

func (l *socketListener) Addr() string { return l.addr }

func (l *socketListener) Close() error {
	var err error
	l.once.Do(func() {
		l.mu.Lock()
		close(l.closed)
		for conn := range l.pending {
			conn.Close()
		}
		l.mu.Unlock()
		err = openError("closing", l.addr, l.inner.Close())
		l.work.Wait()
		for {
			select {
			case p := <-l.ready:
				p.Close()
			default:
				return
			}
		}
	})
	return err
}
