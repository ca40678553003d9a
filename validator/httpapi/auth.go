// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/internal/ratelimit"
	"github.com/d204ef64/fob/internal/strictjson"
	"github.com/d204ef64/fob/validator/bank"
)

// role is a set of caller kinds.
type role uint8

const (
	userRole  role = 1 << iota // a session of a user of a contract
	clerkRole                  // a session of a clerk, or a key with a clerk's rights
	checkRole                  // a key that checks codes for other systems
	auditRole                  // a key that reads the audit log
	public    role = 0
)

func (r role) String() string {
	var names []string
	for i, name := range []string{"a user", "a clerk", "a key with role check", "a key with role audit"} {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// caller is the authenticated sender of a request.
type caller struct {
	role   role
	id     string // of the user, clerk or key
	key    bool   // authenticated by an API key, not by a session
	secret string // of the session
}

// String returns for example "user alice", or "" for an unauthenticated caller.
func (c caller) String() string {
	switch {
	case c.role == 0:
		return ""
	case c.key:
		return "key " + c.id
	case c.role == userRole:
		return "user " + c.id
	}
	return "clerk " + c.id
}

// by identifies the caller to the bank. The bank treats a key for the audit log as a
// clerk. This package limits such a key to the audit log.
func (r *request) by() bank.By {
	b := bank.By{Channel: bank.ChannelHTTP, Source: r.source}
	switch r.caller.role {
	case userRole:
		b.User = r.caller.id
	case clerkRole, auditRole:
		b.Clerk = r.caller.id
	case checkRole:
		b.Key = r.caller.id
	}
	return b
}

// Keys of an operation's metadata.
const (
	metaRole  = "role"  // the roles that may call it
	metaGuess = "guess" // it checks a code or password
	metaHeavy = "heavy" // it runs for long
)

// maxSecret is the maximum length of a secret, in bytes.
const maxSecret = 512

// admit passes a request on to its operation if the caller is authenticated, has one of
// the operation's roles, and is within the limits.
func (s *server) admit(ctx huma.Context, next func(huma.Context)) {
	req := requestOf(ctx.Context())
	op := ctx.Operation()
	req.op = op
	allowed := op.Metadata[metaRole].(role)
	if err := s.identify(ctx.Context(), req, ctx.Header("Authorization"), allowed == public); err != nil {
		s.refuse(ctx, s.fault(ctx.Context(), op, err))
		return
	}
	if allowed != public && req.caller.role&allowed == 0 {
		s.refuse(ctx, problem(http.StatusForbidden, "this operation requires "+allowed.String()+": the caller is "+req.caller.role.String(), "", nil))
		return
	}
	for _, p := range op.Parameters {
		value := ctx.Query(p.Name)
		if p.In == "path" {
			value = ctx.Param(p.Name)
		}
		if err := checkText(p.In+"."+p.Name, value); err != nil {
			s.refuse(ctx, err)
			return
		}
	}
	if op.Metadata[metaHeavy] != nil {
		select {
		case s.heavy <- struct{}{}:
			defer func() { <-s.heavy }()
		default:
			s.refuse(ctx, problem(http.StatusServiceUnavailable,
				strconv.Itoa(heavyAtOnce)+" imports, exports or verifications are running: try again when one has finished", "",
				http.Header{"Retry-After": {"10"}}))
			return
		}
	}
	if op.Metadata[metaGuess] == nil {
		next(ctx)
		return
	}
	b, who := req.failedBudget()
	if err := s.spend(b, who); err != nil {
		s.refuse(ctx, err)
		return
	}
	next(ctx)
	if !req.failedAttempt {
		s.limits.refund(b, who)
	}
}

// identify authenticates the caller. A request with a valid API key counts against the
// key's own budget. All others count against the budget of their address.
func (s *server) identify(ctx context.Context, req *request, header string, open bool) error {
	secret, err := bearer(header)
	if err == nil && secret != "" && !open {
		key, kerr := s.bank.Key(ctx, secret)
		if kerr == nil {
			req.caller = caller{role: keyRole(key.Role), id: key.ID, key: true}
			return s.spend(budgetKeyRequests, key.ID)
		}
		if !errors.Is(kerr, bank.ErrLogin) {
			return kerr
		}
	}
	if err := s.spend(budgetRequests, ratelimit.Source(req.addr).String()); err != nil {
		return err
	}
	if open {
		return nil
	}
	if err != nil {
		return err
	}
	if secret == "" {
		return problem(http.StatusUnauthorized, "not authenticated: send \"Authorization: Bearer …\" with an API key or the secret of a session", "",
			http.Header{"Www-Authenticate": {realm}})
	}
	session, err := s.bank.Session(ctx, secret)
	if errors.Is(err, bank.ErrLogin) {
		if err := s.spend(req.failedBudget()); err != nil {
			return err
		}
		return problem(http.StatusUnauthorized, "unknown API key, or the session has ended: log in again", "",
			http.Header{"Www-Authenticate": {realm + `, error="invalid_token"`}})
	}
	if err != nil {
		return err
	}
	req.caller = caller{role: userRole, id: session.User, secret: secret}
	if session.Clerk != "" {
		req.caller.role, req.caller.id = clerkRole, session.Clerk
	}
	return nil
}

// bearer returns the secret of an Authorization header (RFC 6750 section 2.1), or "" if
// there is no header.
func bearer(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	scheme, secret, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > maxSecret || strings.ContainsAny(secret, " \t") {
		return "", problem(http.StatusUnauthorized, "invalid Authorization header: want \"Bearer\", one space and the secret", "",
			http.Header{"Www-Authenticate": {realm + `, error="invalid_request"`}})
	}
	return secret, nil
}

func keyRole(r bank.KeyRole) role {
	switch r {
	case bank.KeyCheck:
		return checkRole
	case bank.KeyClerk:
		return clerkRole
	case bank.KeyAudit:
		return auditRole
	}
	return 1 << 7 // a role of a later version, which has no rights here
}

// failedBudget returns the budget that a failed attempt in this request counts against.
func (r *request) failedBudget() (budget, string) {
	if r.caller.key {
		return budgetKeyFailed, r.caller.id + " " + ratelimit.Source(r.addr).String()
	}
	return budgetFailed, ratelimit.Source(r.addr).String()
}

// spend takes one unit from a budget. If the budget is empty, the error is the answer
// for the caller.
func (s *server) spend(b budget, who string) error {
	retry, ok := s.limits.spend(b, who)
	if ok {
		return nil
	}
	s.metrics.HTTPLimited(b.String())
	wait := strconv.Itoa(retry)
	return problem(http.StatusTooManyRequests, b.text()+": wait "+wait+" s; the request was not processed", "",
		http.Header{"Retry-After": {wait}})
}

// refuse answers with an error instead of running the operation.
func (s *server) refuse(ctx huma.Context, err error) {
	var withHeaders huma.HeadersError
	if errors.As(err, &withHeaders) {
		for name, values := range withHeaders.GetHeaders() {
			for _, v := range values {
				ctx.AppendHeader(name, v)
			}
		}
	}
	var m *huma.ErrorModel
	errors.As(err, &m)
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(m.Status)
	_ = strictjson.Format.Marshal(ctx.BodyWriter(), m)
}
