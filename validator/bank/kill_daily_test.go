// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/mail"
)

// mailServer is a mail server that counts the accepted messages by address. In the
// tests, each token has a contract of its own.
type mailServer struct {
	mu       sync.Mutex
	accepted map[string]int
}

type mailSession struct {
	p  *mailServer
	to string
}

func (s *mailSession) Reset()                                    {}
func (s *mailSession) Logout() error                             { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *mailSession) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.accepted[s.to]++
	return nil
}

// newMailServer starts a mail server on a loopback port.
func newMailServer(t *testing.T) (p *mailServer, addr string) {
	t.Helper()
	p = &mailServer{accepted: map[string]int{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{p: p}, nil }))
	srv.Domain = "localhost"
	srv.ErrorLog = log.New(io.Discard, "", 0) // errors of killed children
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return p, l.Addr().String()
}

// childDaily runs the daily job.
func childDaily(c *child) {
	m, err := mail.NewSMTP(mail.SMTP{Addr: os.Getenv("FOB_BANK_SMTP"), Letters: mail.Letters{From: "bank@example.com"}})
	require.NoError(c, err)
	_, err = c.bank.Daily(c.Context(), m)
	require.NoError(c, err)
}

// TestKillDaily kills the daily job until it is complete. No notice may be sent twice.
// Each must be sent or left to a clerk, with one order each.
func TestKillDaily(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		const n = 30
		v := newVictim(t, d)
		for i := range n {
			id := fmt.Sprintf("c%d", i)
			v.Contract(id)
			v.User(id, "u"+id, validator.Master)
			v.Activate("u"+id, v.Issued(id))
		}
		v.Clock.Set(token.UnixSecondsOf(banktest.Expires.AddMonths(-1).Ends(token.Tokyo())) - 3600)
		p, addr := newMailServer(t)
		kills := 0
		for done := false; !done; kills++ {
			require.Less(t, kills, 200, "it comes to an end")
			_, done = v.kill("daily", 50*time.Millisecond, "FOB_BANK_SMTP="+addr)
			v.Clock.Advance(16 * 60) // unfinished notices are given up
		}
		_, err := v.Bank.Daily(t.Context(), nil)
		require.NoError(t, err)
		notices, _, err := v.Bank.Notices(t.Context(), banktest.Clerk, nil, bank.Page{})
		require.NoError(t, err)
		require.Len(t, notices, n)
		p.mu.Lock()
		defer p.mu.Unlock()
		sent, doubtful := 0, 0
		for _, notice := range notices {
			require.LessOrEqual(t, p.accepted[notice.To], 1, "sent twice")
			switch notice.Status {
			case bank.NoticeSent:
				require.Equal(t, 1, p.accepted[notice.To])
				sent++
			case bank.NoticeDoubtful:
				doubtful++
			default:
				t.Errorf("notice %s is %s", notice.ID, notice.Status)
			}
		}
		orders, _, err := v.Bank.Orders(t.Context(), banktest.Clerk, "", true, bank.Page{})
		require.NoError(t, err)
		require.Len(t, orders, n)
		requireAuditIntact(t, v.Bank)
		t.Logf("%d kills, %d sent, %d doubtful", kills-1, sent, doubtful)
	})
}
