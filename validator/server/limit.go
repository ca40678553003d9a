// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net"
	"net/netip"
	"sync"

	"github.com/d204ef64/fob/internal/ratelimit"
)

// limited is a listener with a maximum number of open connections. Further connections
// wait in the system's queue. Each source has a lower maximum, which keeps one source
// from taking all places; its surplus connections are closed.
type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once

	each   int                   // maximum per source
	exempt func(netip.Addr) bool // reports whether an address is exempt from each

	mu       sync.Mutex
	bySource map[netip.Addr]int // open connections
}

// Limit limits the open connections of a listener: further ones wait. A source beyond
// loopback has at most half of the places.
func Limit(l net.Listener, connections int) net.Listener {
	return limit(l, connections, max(connections/2, 1), netip.Addr.IsLoopback)
}

func limit(l net.Listener, n, each int, spared func(netip.Addr) bool) net.Listener {
	return &limited{
		Listener: l, places: make(chan struct{}, n), closed: make(chan struct{}),
		each: each, exempt: spared, bySource: map[netip.Addr]int{},
	}
}

// Accept waits for a free place and then for a connection.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			return nil, err
		}
		leave, ok := l.enter(c.RemoteAddr())
		if !ok {
			_ = c.Close()
			continue
		}
		return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { leave(); <-l.places })}, nil
	}
}

// enter counts a connection of a source until leave is called. ok is false if the
// source already has too many.
func (l *limited) enter(from net.Addr) (leave func(), ok bool) {
	at, err := netip.ParseAddrPort(from.String())
	if err != nil || l.exempt(at.Addr().Unmap()) {
		return func() {}, true
	}
	source := ratelimit.Source(at.Addr())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bySource[source] >= l.each {
		return nil, false
	}
	l.bySource[source]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.bySource[source]--; l.bySource[source] == 0 {
			delete(l.bySource, source)
		}
	}, true
}

// Close closes the listener. It also wakes an Accept that waits for a place.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
