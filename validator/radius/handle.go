// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	wire "layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"github.com/d204ef64/fob/internal/messageauth"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// request is a packet from a known client.
type request struct {
	conn   net.PacketConn
	addr   net.Addr
	from   netip.AddrPort
	client *Client
	raw    []byte // the packet as received
	packet *wire.Packet
}

func (q *request) event(k Kind, err error) Event {
	return Event{Kind: k, Client: q.client.Name, Source: q.from, Err: err}
}

func (q *request) key() requestKey { return requestKey{q.from, q.packet.Identifier} }

// packet does the quick part of processing a packet, and starts a goroutine in checks
// for the rest. raw belongs to the caller.
func (s *Server) packet(conn net.PacketConn, addr net.Addr, raw []byte, checks *sync.WaitGroup) {
	q := &request{conn: conn, addr: addr, from: addrPort(addr)}
	if q.client = s.client(q.from.Addr()); q.client == nil {
		s.options.Event(Event{Kind: UnknownClient, Source: q.from})
		return
	}
	if kind, err := q.read(raw); err != nil {
		s.options.Event(q.event(kind, err))
		return
	}
	if q.packet.Code == wire.CodeAccessRequest {
		answer, fresh := s.duplicates.begin(s.options.Now(), q.key(), q.raw)
		if !fresh && answer == nil {
			s.options.Event(q.event(InFlight, nil))
			return
		} else if !fresh {
			s.send(q, answer, Duplicate)
			return
		}
	}
	select {
	case s.slots <- struct{}{}:
	default:
		s.duplicates.end(s.options.Now(), q.key(), q.raw, nil)
		s.options.Event(q.event(Overloaded, nil))
		return
	}
	checks.Go(func() {
		defer func() { <-s.slots }()
		s.answer(q)
	})
}

// read parses a packet. The error is the reason why it gets no answer.
func (q *request) read(raw []byte) (Kind, error) {
	raw, err := trim(raw)
	if err != nil {
		return Malformed, err
	}
	code := wire.Code(raw[0])
	if code != wire.CodeAccessRequest && code != wire.CodeStatusServer {
		return UnknownCode, errors.New(code.String())
	}
	q.raw = bytes.Clone(raw)
	// RFC 5997, section 3: Status-Server must have one, for all clients.
	optional := q.client.InsecureNoMessageAuthenticator && code == wire.CodeAccessRequest
	q.packet, err = parse(q.raw, q.client.Secret, optional)
	switch {
	case errors.Is(err, messageauth.ErrMissing):
		return NoAuthenticator, err
	case errors.Is(err, messageauth.ErrWrong):
		return WrongAuthenticator, err
	}
	return Malformed, err
}

// answer processes a request and sends the answer.
func (s *Server) answer(q *request) {
	ctx, cancel := context.WithTimeout(s.ctx, s.options.Timeout)
	defer cancel()
	if q.packet.Code == wire.CodeStatusServer {
		// A server that cannot check codes must not answer, to make clients use another
		// one.
		if err := s.bank.Ready(ctx); err != nil {
			s.options.Event(q.event(Failed, err))
		} else if raw, err := (&reply{code: wire.CodeAccessAccept}).encode(q.packet); err != nil {
			s.options.Event(q.event(Failed, err))
		} else {
			s.send(q, raw, Status)
		}
		return
	}
	reply, kind, err := s.decide(ctx, q)
	var raw []byte
	if err == nil {
		raw, err = reply.encode(q.packet)
	}
	s.duplicates.end(s.options.Now(), q.key(), q.raw, raw)
	if err != nil {
		if kind != Malformed {
			kind = Failed
		}
		s.options.Event(q.event(kind, err))
		return
	}
	s.send(q, raw, kind)
}

func (s *Server) send(q *request, answer []byte, kind Kind) {
	if _, err := q.conn.WriteTo(answer, q.addr); err != nil {
		s.options.Event(q.event(Failed, err))
		return
	}
	s.options.Event(q.event(kind, nil))
}

// decide checks an Access-Request with the bank. If it returns an error, no answer is
// sent.
func (s *Server) decide(ctx context.Context, q *request) (*reply, Kind, error) {
	now, source := s.options.Now(), q.from.Addr()
	name, named := q.packet.Lookup(rfc2865.UserName_Type)
	_, pap := q.packet.Lookup(rfc2865.UserPassword_Type)
	_, chap := q.packet.Lookup(rfc2865.CHAPPassword_Type)
	if !named || !pap || chap {
		return s.reject(sayRefused), Unsupported, nil
	}
	code, err := password(q.packet)
	if err != nil {
		return nil, Malformed, err
	}
	who, gateway := callerOf(q), caller{at: source}
	if s.limits.exceeded(now, who) || who != gateway && s.gatewayLimits.exceeded(now, gateway) {
		return s.reject(sayLimited), RateLimited, nil
	}
	user, round := string(name), 0
	if state, ok := q.packet.Lookup(rfc2865.State_Type); ok {
		ch, ok := s.challenges.pop(now, state)
		if !ok || ch.user != user || ch.client != q.client.Name || ch.source != source {
			return s.reject(sayRefused), Rejected, nil
		}
		round = ch.round
	}
	out, err := s.check(ctx, user, code, source)
	switch {
	case err != nil:
		return nil, Failed, err
	case out.Answer == validator.Accepted && out.Done:
		return &reply{code: wire.CodeAccessAccept}, Accepted, nil
	case out.Answer == validator.NextCode && round < mostRounds:
		return s.challenge(now, challenge{user, q.client.Name, source, round + 1}, sayNext), Challenged, nil
	case out.Answer == validator.Corrected && round < mostRounds:
		return s.challenge(now, challenge{user, q.client.Name, source, round + 1}, sayAfter), Challenged, nil
	}
	if out.Answer == validator.Refused {
		s.limits.countFailed(now, who)
		if who != gateway {
			s.gatewayLimits.countFailed(now, gateway)
		}
	}
	return s.reject(sayRefused), Rejected, nil
}

// check checks a user's code with the bank. A malformed name or code is refused like a
// wrong one.
func (s *Server) check(ctx context.Context, user, code string, source netip.Addr) (bank.Outcome, error) {
	if !utf8.ValidString(user) || strings.ContainsRune(user, 0) || !utf8.ValidString(code) {
		return bank.Outcome{}, nil
	}
	out, err := s.bank.CheckUser(ctx, bank.By{User: user, Channel: bank.ChannelRADIUS, Source: source.String()}, user, code)
	if errors.Is(err, bank.ErrInvalid) || errors.Is(err, bank.ErrNotFound) || errors.Is(err, bank.ErrForbidden) {
		return bank.Outcome{}, nil
	}
	return out, err
}

func (s *Server) reject(p phrase) *reply {
	r := &reply{code: wire.CodeAccessReject}
	r.add(rfc2865.ReplyMessage_Type, []byte(phraseTexts[s.options.Language][p]))
	return r
}

// challenge asks for another code. Session-Timeout gives the time for the answer (RFC
// 2869, section 5.19, note 2).
func (s *Server) challenge(now time.Time, ch challenge, p phrase) *reply {
	r := &reply{code: wire.CodeAccessChallenge}
	r.add(rfc2865.ReplyMessage_Type, []byte(phraseTexts[s.options.Language][p]))
	r.add(rfc2865.State_Type, s.challenges.start(now, ch))
	r.add(rfc2865.SessionTimeout_Type, binary.BigEndian.AppendUint32(nil, uint32(s.options.ChallengeLife/time.Second)))
	return r
}
