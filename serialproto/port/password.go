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

// passwordPrefix begins the first line of a client: "token PASSWORD\n". The word
// "token" is part of the protocol (PROTOCOL.md, section 8). The server sends no answer,
// and closes the connection after a wrong password.
const passwordPrefix = "token "

const (
	maxPassword  = 256             // bytes; limits how much an unknown client can make us buffer
	passwordWait = 5 * time.Second // from connecting until the end of the line
)

// errBadPassword ends a connection. It reveals nothing about either password.
var errBadPassword = errors.New("the client did not send the password")

// checkPassword returns an error if the password cannot be sent on one line. No error
// contains the password.
func checkPassword(password string) error {
	if len(password) > maxPassword {
		return fmt.Errorf("%w: longer than %d bytes", ErrPassword, maxPassword)
	}
	for i := range len(password) {
		if password[i] <= ' ' || password[i] > '~' {
			return fmt.Errorf("%w: only printable ASCII without spaces is allowed", ErrPassword)
		}
	}
	return nil
}

func sendPassword(ctx context.Context, p Port, password string) error {
	limit := time.Now().Add(passwordWait)
	if t, ok := ctx.Deadline(); ok && t.Before(limit) {
		limit = t
	}
	if err := p.SetWriteDeadline(limit); err != nil {
		return err
	}
	if _, err := p.Write([]byte(passwordPrefix + password + "\n")); err != nil {
		return err
	}
	return p.SetWriteDeadline(time.Time{})
}

// unanswered is a Port on which a password was sent and no answer has been received
// yet. If the connection closes in this state, the password was probably wrong.
type unanswered struct {
	Port
	answered atomic.Bool
}

// Line implements liner for [LineOf].
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

// expectPassword reads the first line and nothing after it. It returns an error unless
// the line contains the password and arrives in time.
func expectPassword(p Port, password string, wait time.Duration) error {
	if err := p.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	line := make([]byte, 0, len(passwordPrefix)+maxPassword)
	var b [1]byte // one byte at a time, because later bytes are for the token's firmware
	for b[0] != '\n' {
		if n, err := p.Read(b[:]); err != nil {
			return err
		} else if n == 0 {
			continue
		}
		if len(line) == cap(line) {
			return errBadPassword
		}
		line = append(line, b[0])
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' { // the line was typed in a terminal program
		line = line[:n-1]
	}
	// Hashes have equal lengths, so the comparison does not reveal the length of the
	// password.
	got, want := sha256.Sum256(line), sha256.Sum256([]byte(passwordPrefix+password))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return errBadPassword
	}
	return p.SetReadDeadline(time.Time{})
}
