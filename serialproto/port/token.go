// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// tokenPrefix starts the line with which a client introduces itself:
// "token TOKEN\n". No answer is sent; a wrong token closes the connection.
const tokenPrefix = "token "

const (
	maxToken  = 256             // bytes, so that a stranger cannot make us buffer more
	tokenWait = 5 * time.Second // from connecting to the end of the line
)

// errBadToken ends a connection. It says nothing about either token.
var errBadToken = errors.New("the client did not send the token")

// checkToken accepts what fits on the line. The token itself is never part of
// an error.
func checkToken(token string) error {
	if len(token) > maxToken {
		return fmt.Errorf("%w: longer than %d bytes", ErrToken, maxToken)
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return fmt.Errorf("%w: only printable ASCII without spaces can be sent", ErrToken)
		}
	}
	return nil
}

func sendToken(ctx context.Context, p Port, token string) error {
	limit := time.Now().Add(tokenWait)
	if t, ok := ctx.Deadline(); ok && t.Before(limit) {
		limit = t
	}
	if err := p.SetWriteDeadline(limit); err != nil {
		return err
	}
	if _, err := p.Write([]byte(tokenPrefix + token + "\n")); err != nil {
		return err
	}
	return p.SetWriteDeadline(time.Time{})
}

// unanswered is a Port on which a token was sent, until its other end sends
// something: to hang up before is the answer to a wrong token.
type unanswered struct {
	Port
	answered atomic.Bool
}

// Line is for [LineOf].
func (u *unanswered) Line() (Line, bool) { return LineOf(u.Port) }

func (u *unanswered) Read(p []byte) (int, error) {
	n, err := u.Port.Read(p)
	if n > 0 {
		u.answered.Store(true)
	}
	return n, u.refusal(err)
}

func (u *unanswered) Write(p []byte) (int, error) {
	n, err := u.Port.Write(p)
	return n, u.refusal(err)
}

func (u *unanswered) refusal(err error) error {
	var oe *OpError
	if u.answered.Load() || !errors.Is(err, ErrGone) || !errors.As(err, &oe) {
		return err
	}
	return &OpError{Op: oe.Op, Addr: oe.Addr, Err: fmt.Errorf("%w: %w", ErrRefused, oe.Err)}
}

// expectToken reads the first line and nothing behind it. It returns an error
// unless the line carries the token and comes in time.
func expectToken(p Port, token string, wait time.Duration) error {
	if err := p.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	line := make([]byte, 0, len(tokenPrefix)+maxToken)
	var b [1]byte // one byte at a time: what follows belongs to the token's firmware
	for b[0] != '\n' {
		if n, err := p.Read(b[:]); err != nil {
			return err
		} else if n == 0 {
			continue
		}
		if len(line) == cap(line) {
			return errBadToken
		}
		line = append(line, b[0])
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' { // typed in a terminal program
		line = line[:n-1]
	}
	// Hashes have the same length, so the comparison does not tell how long the
	// token is.
	got, want := sha256.Sum256(line), sha256.Sum256([]byte(tokenPrefix+token))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return errBadToken
	}
	return p.SetReadDeadline(time.Time{})
}
