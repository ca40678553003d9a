// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/validator/bank"
)

// Bank is the part of the bank that the server uses.
type Bank interface {
	// CheckUser checks a code of the user's token.
	CheckUser(ctx context.Context, by bank.By, user, code string) (bank.Outcome, error)

	// Ready returns an error while codes cannot be checked.
	Ready(ctx context.Context) error
}

var _ Bank = (*bank.Bank)(nil)

// ErrServerClosed is returned by Serve after Shutdown.
var ErrServerClosed = errclass.New(errclass.Failed, "radius server closed")

// Server answers RADIUS requests. It is safe for concurrent use.
type Server struct {
	bank    Bank
	options Options
	clients atomic.Pointer[[]Client] // sorted, the narrowest networks first

	duplicates    *duplicates
	challenges    *challenges
	limits        *limits       // of the callers of gateways
	gatewayLimits *limits       // of gateways that send Calling-Station-Id
	slots         chan struct{} // one for each request being checked

	mu      sync.Mutex
	closing bool
	conns   map[net.PacketConn]bool
	serving sync.WaitGroup // calls of Serve and their requests

	ctx    context.Context // cancelled when Shutdown stops waiting
	cancel context.CancelFunc
}

// New returns a server that checks codes with b. The error wraps ErrOptions.
func New(b Bank, o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		bank: b, options: o,
		duplicates: newDuplicates(), challenges: newChallenges(o.ChallengeLife), limits: newLimits(o.WrongBurst, o.WrongPerMinute),
		gatewayLimits: newLimits(gatewayTimes*o.WrongBurst, gatewayTimes*o.WrongPerMinute),
		slots:         make(chan struct{}, o.Concurrency),
		conns:         map[net.PacketConn]bool{},
	}
	if err := s.SetClients(o.Clients); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// SetClients replaces the clients, also while the server is running. Requests that are
// being checked are answered with the secret of their client at the time of arrival. If
// there is an error, which wraps ErrOptions, the clients do not change.
func (s *Server) SetClients(clients []Client) error {
	if err := validateClients(clients); err != nil {
		return err
	}
	own := make([]Client, 0, len(clients))
	for _, c := range clients {
		c.Network, c.Secret = c.Network.Masked(), bytes.Clone(c.Secret)
		own = append(own, c)
	}
	sort.SliceStable(own, func(i, j int) bool { return own[i].Network.Bits() > own[j].Network.Bits() })
	s.clients.Store(&own)
	return nil
}

// mostReadErrors is the number of consecutive errors that ends Serve.
const mostReadErrors = 100

// Serve answers the requests on a connection until the connection fails or Shutdown is
// called. Then it waits for the requests being checked, and closes the connection. The
// error is never nil; after Shutdown it is ErrServerClosed.
//
// A UDP socket may listen on all addresses of the machine: each answer is sent from the
// address to which the client sent its request.
func (s *Server) Serve(conn net.PacketConn) error {
	defer func() { _ = conn.Close() }()
	conn, err := wrapWildcard(conn)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.conns[conn] = true
	s.serving.Add(1)
	s.mu.Unlock()
	var checks sync.WaitGroup
	defer func() {
		checks.Wait()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
		s.serving.Done()
	}()

	buf := make([]byte, maxPacket+1) // one byte more, to detect packets that are too long
	for failed := 0; ; {
		n, addr, err := conn.ReadFrom(buf)
		switch {
		case err == nil:
			failed = 0
			s.packet(conn, addr, buf[:n], &checks)
		case s.isClosing():
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed) || failed >= mostReadErrors:
			return err
		default:
			failed++
			s.options.Event(Event{Kind: Failed, Err: err})
		}
	}
}

// Shutdown stops reading, and waits until the requests being checked are answered. If
// ctx ends first, it cancels them and returns the error of ctx.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for conn := range s.conns {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // ends ReadFrom at once; answers can still be sent
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.serving.Wait()
		close(done)
	}()
	defer s.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// client returns the client whose network contains an address, or nil.
func (s *Server) client(a netip.Addr) *Client {
	clients := *s.clients.Load()
	for i := range clients {
		if clients[i].Network.Contains(a) {
			return &clients[i]
		}
	}
	return nil
}

// addrPort returns a sender's address. The zero value is not in any network.
func addrPort(a net.Addr) netip.AddrPort {
	var p netip.AddrPort
	if udp, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		p = udp.AddrPort()
	} else if parsed, err := netip.ParseAddrPort(a.String()); err == nil {
		p = parsed
	}
	return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
}
