// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy imitates an unreliable network between a program and its PostgreSQL.
type Proxy struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	frozen chan struct{}  // not nil: no data passes until it is closed
	losing bool           // the next COMMIT is forwarded, but its answer is lost
	open   []net.Conn     // both sides
	routes sync.WaitGroup // the goroutines of all connections
}

// NewProxy returns a proxy for a database, and the address of the database through the
// proxy. The proxy ends with the test.
func NewProxy(t testing.TB, dsn string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("the database address is not a valid URL")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, to: u.Host}
	u.Host = l.Addr().String()
	p.routes.Go(p.accept)
	t.Cleanup(func() {
		p.Thaw()
		_ = l.Close()
		p.Cut()
		p.routes.Wait()
	})
	return p, u.String()
}

// Freeze stops all data but keeps the connections.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen = make(chan struct{})
	}
}

// Thaw ends Freeze.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
}

// Cut closes all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

// LoseCommit forwards the next COMMIT to the server, but closes its connection before
// the answer.
func (p *Proxy) LoseCommit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.losing = true
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open = append(p.open, client, server)
		p.mu.Unlock()
		answers := make(chan bool) // closed: answers are lost from then on
		p.routes.Go(func() { p.pass(client, server, answers) })
		p.routes.Go(func() { p.back(server, client, answers) })
	}
}

// wait waits while the network is frozen, and reports whether the answer to a COMMIT
// must be lost.
func (p *Proxy) wait(commit bool) (lose bool) {
	p.mu.Lock()
	frozen := p.frozen
	if commit && p.losing {
		p.losing, lose = false, true
	}
	p.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	return lose
}

// pass forwards the client's data to the server.
func (p *Proxy) pass(client, server net.Conn, answers chan bool) {
	defer func() { _ = client.Close(); _ = server.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		lose := p.wait(bytes.Contains(buf[:n], []byte("COMMIT")))
		if lose {
			close(answers)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// back forwards the server's data to the client. If an answer must be lost, it first
// waits for the answer, which means that the server has done the work, and then closes
// the connection.
func (p *Proxy) back(server, client net.Conn, answers chan bool) {
	defer func() { _ = client.Close(); _ = server.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-answers:
			return
		default:
		}
		p.wait(false)
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
