// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// pipes is a listener whose connections are in memory, so a test can have thousands.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// crowd is a fleet that many clients use at once.
type crowd struct {
	t     *testing.T
	fleet *fleet.Fleet
	pipes *pipes
	stop  func() // ends the server
}

func newCrowd(t *testing.T, lot fleet.Lot) *crowd {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{lot}})
	require.NoError(t, err)
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: control.New(f, control.Options{Key: key})}
	served := make(chan error)
	go func() { served <- server.Serve(p) }()
	return &crowd{t, f, p, func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
		require.NoError(t, f.Close())
	}}
}

// serials returns the serial numbers of the tokens.
func (c *crowd) serials() (all []string) {
	for m := range c.fleet.All(0) {
		serial, _ := m.Token.BackLabel()
		all = append(all, serial.String())
	}
	return all
}

// pipe is a connection of one client.
type pipe struct {
	net.Conn
	r *bufio.Reader
}

func (c *crowd) dial() *pipe {
	client, server := net.Pipe()
	c.pipes.conns <- server
	return &pipe{client, bufio.NewReader(client)}
}

// ask sends a request. When it returns, the server has read it.
func (p *pipe) ask(method, path, body string) error {
	var b strings.Builder
	b.WriteString(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key + "\r\n")
	if body != "" {
		b.WriteString("Content-Type: application/json\r\n")
	}
	r, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if r.ContentLength > 0 {
		b.WriteString("Content-Length: " + itoa(r.ContentLength) + "\r\n")
	}
	_, err = io.WriteString(p, b.String()+"\r\n"+body)
	return err
}

// hear reads an answer.
func (p *pipe) hear() (int, string, error) {
	a, err := http.ReadResponse(p.r, nil)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return a.StatusCode, string(b), err
}
