// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Mailer sends the expiry notice. Its errors determine the result. [ErrMailRefused] and
// [ErrMailLater] mean that the mail server did not accept the message. After any other
// error the result is unknown, and the message is not sent again automatically.
type Mailer interface {
	SendExpiry(ctx context.Context, m ExpiryMail) error
}

// Errors for messages that the mail server did not accept.
var (
	ErrMailRefused = errclass.New(errclass.Refused, "the mail server refused the message") // permanently: SMTP 5xx
	ErrMailLater   = errclass.New(errclass.Unreachable, "the mail server cannot accept the message now")
)

// ExpiryMail is the content of the notice.
type ExpiryMail struct {
	ID       string // for the Message-ID
	To       string
	Language Language
	Customer string // the contract's name
	Serial   token.Serial
	Expiry   token.Expiry
	From, By token.Expiry // the days between which the replacement is expected
}

// DailyReport is the result of the daily job.
type DailyReport struct {
	Made     int `json:"made"`     // notices created, each with its order
	Sent     int `json:"sent"`     // accepted by the mail server
	Failed   int `json:"failed"`   // refused permanently
	Later    int `json:"later"`    // to be sent by the next run
	Doubtful int `json:"doubtful"` // possibly accepted: a clerk decides
}

// dailyRows is the number of tokens or notices that one transaction processes.
const dailyRows = 100

// sendingLasts is how long a message may still be in transit after it was handed over.
// An older one belongs to a server that stopped.
const sendingLasts token.UnixSeconds = 15 * 60

// Daily performs all work that is due. For each activated token that expires in a
// month, it creates the notice and the order for the replacement (BK-13), and it sends
// the e-mails. Any number of servers may run it, at any time and as often as they like.
// Each token gets one order and one notice, created in one transaction.
//
// No message is sent twice. A notice is marked before it is handed to the mail server,
// and again when the answer arrives. If a server stops in between, or the connection
// breaks before the answer, it is unknown whether the message was sent. Such a notice
// is doubtful, and is sent again only if a clerk requests it, see [Bank.Resend].
func (b *Bank) Daily(ctx context.Context, m Mailer) (r DailyReport, err error) {
	if err := b.DropUnfinished(ctx); err != nil {
		return r, err
	}
	if r.Made, err = b.makeNotices(ctx); err != nil {
		return r, err
	}
	if r.Doubtful, err = b.findDoubtful(ctx); err != nil {
		return r, err
	}
	if m == nil {
		return r, nil
	}
	began := b.Now() + 1
	for {
		n, err := b.claimNotice(ctx, began)
		if err != nil || n == nil {
			return r, err
		}
		if err := b.sendNotice(ctx, m, *n, &r); err != nil {
			return r, err
		}
	}
}

var jobBy = By{Channel: ChannelJob}

const dailyJob = "daily job"

// makeNotices creates all notices that are due.
func (b *Bank) makeNotices(ctx context.Context) (made int, err error) {
	var stuck token.Serial
	for {
		// Midnight may pass in between.
		today := validator.Today(b.Now())
		last := lastDue(b.settings, today)
		var list []Token
		err := b.db.View(ctx, func(tx *store.Tx) (err error) {
			list, err = tx.TokensExpiring(today, last, dailyRows)
			return err
		})
		if err != nil || len(list) == 0 {
			return made, err
		}
		if list[0].Serial == stuck {
			return made, nil // not due after all: leave it to the next run
		}
		stuck = list[0].Serial
		for _, t := range list {
			ok, err := b.makeNotice(ctx, t)
			if err != nil {
				return made, err
			}
			if ok {
				made++
			}
		}
	}
}

// lastDue returns the latest expiry date whose notice is due on a day. Because months
// differ in length, a date at a month's end may be a few days later than the same day
// of the month.
func lastDue(s validator.Settings, today token.Expiry) token.Expiry {
	last := today.AddMonths(s.NoticeMonths)
	for range 4 {
		next, err := token.ExpiryFromDays(last.Days() + 1)
		if err != nil || validator.NoticeOn(s, next).Compare(today) > 0 {
			return last
		}
		last = next
	}
	return last
}

// makeNotice creates the notice and the order for one token. made is false if they are
// not due, for example because another server has created them.
func (b *Bank) makeNotice(ctx context.Context, t Token) (made bool, err error) {
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		made = false
		c, err := tx.Contract(t.Contract)
		if err != nil {
			return err
		}
		row, err := tx.Token(t.Serial)
		if err != nil {
			return err
		}
		now := b.Now()
		users, err := tx.TokenUsers(t.Serial)
		if err != nil {
			return err
		}
		if row.Noticed != 0 || !validator.NoticeDue(b.settings, row.Expiry, row.Condition, len(users) > 0, now) {
			return nil
		}
		o := b.Quote(c, NewOrder{Cause: validator.CauseExpiry, Old: row.Serial})
		o.ID, o.By = newID(), dailyJob
		if err := tx.AddOrder(o); err != nil {
			return err
		}
		n := Notice{
			ID: newID(), Serial: row.Serial, Contract: c.ID, To: c.Email, Language: c.Language, Expiry: row.Expiry,
			Order: o.ID, ArrivesFrom: o.From, ArrivesBy: o.To, Made: now,
		}
		if err := tx.AddNotice(n); err != nil {
			return err
		}
		row.Noticed = now
		made = true
		tx.AddAudit(jobNote(now, validator.ActNotice, n, "order "+o.ID))
		return tx.PutToken(row.Token)
	})
	return made, err
}

func jobNote(now token.UnixSeconds, act validator.Act, n Notice, text string) store.Record {
	return jobBy.note(now, act, validator.BK13, n.Serial, n.Contract, text)
}

// findDoubtful marks notices that were being sent when a server stopped.
func (b *Bank) findDoubtful(ctx context.Context) (found int, err error) {
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		now := b.Now()
		list, err := tx.NoticesBefore(NoticeSending, now-sendingLasts, dailyRows)
		if err != nil {
			return err
		}
		found = len(list)
		for _, n := range list {
			n.Status, n.Problem = NoticeDoubtful, "the server stopped while the message was being sent"
			tx.AddAudit(jobNote(now, validator.ActNoticeDoubtful, n, n.ID))
			if err := tx.PutNotice(n); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// claimNotice selects a notice that is due and has not been tried since an instant, and
// marks it as being sent.
func (b *Bank) claimNotice(ctx context.Context, since token.UnixSeconds) (claimed *Notice, err error) {
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		claimed = nil
		list, err := tx.NoticesBefore(NoticeDue, since, 1)
		if err != nil || len(list) == 0 {
			return err
		}
		n := list[0]
		n.Status, n.Began = NoticeSending, max(since, b.Now())
		n.Tries++
		claimed = &n
		return tx.PutNotice(n)
	})
	return claimed, err
}

// sendNotice sends a notice and records the result.
func (b *Bank) sendNotice(ctx context.Context, m Mailer, n Notice, r *DailyReport) error {
	var customer string
	err := b.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Contract(n.Contract)
		customer = c.Name
		return err
	})
	if err != nil {
		return err
	}
	sent := send(ctx, m, ExpiryMail{
		ID: n.ID, To: n.To, Language: n.Language, Customer: customer, Serial: n.Serial, Expiry: n.Expiry,
		From: n.ArrivesFrom, By: n.ArrivesBy,
	})
	act := validator.ActNoticeSent
	switch {
	case sent == nil:
		n.Status, n.Sent, n.Problem = NoticeSent, b.Now(), ""
		r.Sent++
	case errors.Is(sent, ErrMailRefused):
		n.Status, act = NoticeFailed, validator.ActNoticeFailed
		r.Failed++
	case errors.Is(sent, ErrMailLater):
		n.Status, act = NoticeDue, validator.ActNoticeLater
		r.Later++
	default:
		n.Status, act = NoticeDoubtful, validator.ActNoticeDoubtful
		r.Doubtful++
	}
	if sent != nil {
		n.Problem = shortenTo(sent.Error(), 300)
	}
	// The result must be recorded even if the caller has gone.
	return b.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		rec := jobNote(b.Now(), act, n, n.ID)
		rec.Done = sent == nil
		tx.AddAudit(rec)
		now, err := tx.Notice(n.ID)
		if err != nil || now.Tries != n.Tries {
			return err // this server gave it up, and another has sent it since
		}
		return tx.PutNotice(n)
	})
}

// sendingMost is how long the mail server may take for one message. It is shorter than
// the time after which others assume that this server has stopped.
const sendingMost = 5 * time.Minute

func send(ctx context.Context, m Mailer, mail ExpiryMail) error {
	ctx, cancel := context.WithTimeout(ctx, sendingMost)
	defer cancel()
	return m.SendExpiry(ctx, mail)
}

// Notices lists notices, oldest first, optionally of one status.
func (b *Bank) Notices(ctx context.Context, by By, status *NoticeStatus, p Page) (list []Notice, next string, err error) {
	if err := by.requireBackOffice(); err != nil {
		return nil, "", err
	}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		list, next, err = tx.Notices(status, p)
		return err
	})
	return list, next, err
}

// Resend makes a failed or doubtful notice due again, to the contract's current
// address. The message keeps its Message-ID, which lets a mailbox recognise a
// duplicate.
func (b *Bank) Resend(ctx context.Context, by By, id string) (n Notice, err error) {
	if err := by.requireBackOffice(); err != nil {
		return n, err
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		var err error
		if n, err = tx.Notice(id); err != nil {
			return missing(err, "notice", shorten(id))
		}
		if n.Status != NoticeFailed && n.Status != NoticeDoubtful {
			return conflict("notice %s is %s: only failed and doubtful notices can be sent again", id, n.Status)
		}
		c, err := tx.Contract(n.Contract)
		if err != nil {
			return err
		}
		n.Status, n.To, n.Began = NoticeDue, c.Email, 0
		tx.AddAudit(by.note(b.Now(), validator.ActResendNotice, validator.BK13, n.Serial, n.Contract, n.ID))
		return tx.PutNotice(n)
	})
	return n, err
}

// shortenTo escapes a text and shortens it to the given number of characters.
func shortenTo(s string, most int) string {
	r := []rune(fmt.Sprintf("%q", s))
	r = r[1 : len(r)-1]
	return string(r[:min(len(r), most)])
}
