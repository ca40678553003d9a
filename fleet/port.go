// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// ErrPlugged is the error of unplugging a port that is not plugged in, or the reverse.
var ErrPlugged = errclass.New(errclass.Refused, "the port's cable")

// Port is a serial port of a token, to which hosts connect. While it is unplugged it keeps
// its name, its address and its faults, and hosts cannot connect.
type Port struct {
	id     string
	member Member
	faults *virtual.Faults
	tap    Tap

	mu       sync.Mutex // guards the fields below
	addr     string     // the address given to Attach or Replug
	removed  bool       // it cannot be plugged in again
	options  []port.Option
	listener port.Listener // nil: unplugged
	hosts    *task         // serves the hosts of the listener, or the last ones of a cable that was pulled out; nil: not served
}

// ID returns the name of the port in its fleet, such as "p1".
func (p *Port) ID() string { return p.id }

// Member returns the token.
func (p *Port) Member() Member { return p.member }

// Faults returns the faults of the line, which can be changed.
func (p *Port) Faults() *virtual.Faults { return p.faults }

// Addr returns the address at which the port can be opened, or "" while it is unplugged.
func (p *Port) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return ""
	}
	return p.listener.Addr()
}

// Asked returns the address given to Attach or Replug, whose port number may be 0.
func (p *Port) Asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addr
}

// Attach opens a port for the token at an address of package port.
func (f *Fleet) Attach(m Member, addr string, options ...port.Option) (*Port, error) {
	in, out := f.line.In, f.line.Out
	p := &Port{member: m, faults: virtual.NewFaults(in, out), tap: Tap{world: f.world}, addr: addr, options: options}
	l, err := port.Listen(addr, options...)
	if err != nil {
		return nil, err
	}
	p.listener = l
	f.mu.Lock()
	x, err := f.extraLocked(m)
	if err != nil {
		f.mu.Unlock()
		return nil, errors.Join(err, l.Close())
	}
	f.made++
	p.id = "p" + strconv.Itoa(f.made)
	x.ports = append(x.ports, p)
	f.ports[p.id] = p
	f.mu.Unlock()
	f.block(m.tag).has.set(faultTrait) // its line may get faults at any time
	p.accept()
	return p, nil
}

// Port returns the port with an id or an address. The error wraps [ErrNotFound].
func (f *Fleet) Port(name string) (*Port, error) {
	f.mu.RLock()
	if p := f.ports[name]; p != nil {
		f.mu.RUnlock()
		return p, nil
	}
	all := slices.Collect(maps.Values(f.ports))
	f.mu.RUnlock()
	for _, p := range all {
		if addr := p.Addr(); addr != "" && addr == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: there is no port %q", ErrNotFound, name)
}

// Ports returns the ports of the token.
func (m Member) Ports() []*Port {
	m.fleet.mu.RLock()
	defer m.fleet.mu.RUnlock()
	if s := m.fleet.slot(m.tag); s.extra != nil {
		return slices.Clone(s.extra.ports)
	}
	return nil
}

// Detach closes the port for good.
func (f *Fleet) Detach(p *Port) error {
	f.mu.Lock()
	delete(f.ports, p.id)
	if s := f.slot(p.member.tag); s.extra != nil {
		s.extra.ports = slices.DeleteFunc(s.extra.ports, func(q *Port) bool { return p == q })
	}
	f.mu.Unlock()
	return p.remove()
}

// remove closes the port for good.
func (p *Port) remove() error {
	p.mu.Lock()
	p.removed = true
	p.mu.Unlock()
	return p.close()
}

// Unplug pulls the cable out. It closes the connections of hosts, waits until the token has
// seen that they are gone, and frees the address.
func (p *Port) Unplug() error {
	if p.Addr() == "" {
		return fmt.Errorf("%w: %s is unplugged already", ErrPlugged, p.id)
	}
	return p.close()
}

// close closes the listener and its connections.
func (p *Port) close() error {
	p.mu.Lock()
	l, hosts := p.listener, p.hosts
	p.listener, p.hosts = nil, nil
	p.mu.Unlock()
	if hosts != nil {
		hosts.cancel() // first: a listener that is closed without it is a failure
	}
	var err error
	if l != nil {
		err = l.Close()
	}
	if hosts != nil {
		<-hosts.done
	}
	return err
}

// pulled unplugs the port because a fault of the line has pulled the cable out, or a
// terminal has ended.
func (p *Port) pulled(l port.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != l {
		return
	}
	p.listener = nil
	p.hosts.cancel() // first, as in close
	_ = l.Close()    // a terminal may be closed already, apart from its link
}

// Replug plugs the cable in again, at another address unless addr is "". If that fails,
// the port stays unplugged.
func (p *Port) Replug(addr string) error {
	p.mu.Lock()
	if hosts := p.hosts; p.listener == nil && hosts != nil { // the cable was pulled out
		p.mu.Unlock()
		<-hosts.done
		p.mu.Lock()
	}
	if p.removed {
		p.mu.Unlock()
		return fmt.Errorf("%w: port %s was removed", ErrNotFound, p.id)
	}
	if p.listener != nil {
		p.mu.Unlock()
		return fmt.Errorf("%w: %s is plugged in already", ErrPlugged, p.id)
	}
	if addr == "" {
		addr = p.addr
	}
	l, err := port.Listen(addr, p.options...)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	p.addr, p.listener, p.hosts = addr, l, nil
	p.mu.Unlock()
	p.accept()
	return nil
}

// accept serves the hosts of the port, if the fleet is being served.
func (p *Port) accept() {
	f := p.member.fleet
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil || p.hosts != nil {
		return
	}
	l := p.listener // which the goroutine must not read: Unplug may have closed it by then
	p.hosts = f.serve.run(func(ctx context.Context) { p.serve(ctx, l) })
}

// serve serves every host that connects until ctx ends.
func (p *Port) serve(ctx context.Context, l port.Listener) {
	f := p.member.fleet
	var wait sync.WaitGroup
	defer wait.Wait()
	o := f.line
	o.Faults, o.Tap = p.faults, p.tap.Record
	o.Pulled = func() { p.pulled(l) }
	o.Before = func() error {
		p.member.touched()
		return f.saveMember(p.member)
	}
	for {
		c, err := l.Accept(ctx)
		switch {
		case err == nil:
		case ctx.Err() == nil && errors.Is(err, os.ErrClosed) && strings.HasPrefix(p.Asked(), "pty:"):
			p.pulled(l) // a terminal ends with the connection to its only host
			return
		case ctx.Err() == nil:
			f.serve.fail(err)
			return
		default:
			return
		}
		wait.Go(func() {
			// A host that disconnects is not a failure of the fleet, and Before reports its own.
			_ = p.member.Token.Serve(ctx, c, o)
		})
	}
}

// server is the part of a fleet that lives while Serve runs.
type server struct {
	mu       sync.Mutex // guards the fields below
	ctx      context.Context
	cancel   context.CancelFunc
	failure  error
	returned bool // Serve has returned failure
	wait     sync.WaitGroup
}

func (s *server) begin(ctx context.Context, cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.cancel = ctx, cancel
	if s.failure != nil { // before Serve
		cancel()
	}
}

// task is a function that runs beside the others of a server.
type task struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the function has returned
}

// run starts f. It returns nil if nothing is served.
func (s *server) run(f func(context.Context)) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil || s.ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(s.ctx)
	t := &task{cancel, make(chan struct{})}
	s.wait.Go(func() {
		defer close(t.done)
		defer cancel()
		f(ctx)
	})
	return t
}

// fail ends Serve with the first error.
func (s *server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
	if s.cancel != nil {
		s.cancel()
	}
}

// end waits for everything that run has started.
func (s *server) end() error {
	s.wait.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.returned = nil, true
	return s.failure
}
