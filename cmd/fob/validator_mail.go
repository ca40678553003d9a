// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/mail"
)

// mailFlags are the flags for sending notices.
type mailFlags struct {
	smtp, dir      string
	tls            string
	user, password string
	letters        mail.Letters
}

func (m *mailFlags) add(f *pflag.FlagSet) {
	f.StringVar(&m.smtp, "smtp", "", "send notices through the mail server at `ADDR` (HOST:PORT)")
	f.StringVar(&m.tls, "smtp-tls", "auto", "TLS `MODE`: auto (STARTTLS, or none on loopback), starttls, implicit or insecure-none")
	f.StringVar(&m.user, "smtp-user", "", "log in to the mail server as `NAME`")
	f.StringVar(&m.password, "smtp-password-file", "", "`FILE` with the password of the mail server")
	f.StringVar(&m.dir, "mail-dir", "", "write e-mails to the folder `DIR` instead of sending them")
	f.StringVar(&m.letters.From, "mail-from", "", "sender `ADDRESS`, such as Bank <otp@example.com>")
	f.StringVar(&m.letters.ReplyTo, "mail-reply-to", "", "`ADDRESS` for replies; default: --mail-from")
	f.StringVar(&m.letters.Contact, "mail-contact", "", "contact `LINE` in e-mails, such as a telephone number")
}

// mailer returns a mailer, or nil if no flag configures one. now returns the time for
// the date of e-mails.
func (m *mailFlags) mailer(ctx context.Context, a *app, now func() time.Time) (bank.Mailer, error) {
	switch {
	case m.smtp != "" && m.dir != "":
		return nil, usagef("--smtp and --mail-dir: use only one")
	case m.smtp == "" && m.dir == "":
		return nil, nil
	case m.letters.From == "":
		return nil, usagef("e-mails need --mail-from ADDRESS")
	}
	m.letters.Now = now
	if m.dir != "" {
		if err := os.Mkdir(m.dir, 0o700); err != nil && !os.IsExist(err) {
			return nil, usagef("creating the folder for e-mails: %w", err)
		}
		return mail.NewFolder(m.dir, m.letters)
	}
	o := mail.SMTP{Letters: m.letters, Addr: m.smtp, User: m.user}
	switch m.tls {
	case "auto":
	case "starttls":
		o.TLS = mail.StartTLS
	case "implicit":
		o.TLS = mail.Implicit
	case "insecure-none":
		o.TLS = mail.InsecureNoTLS
	default:
		return nil, usagef("--smtp-tls %q: want auto, starttls, implicit or insecure-none", m.tls)
	}
	password, err := a.readPassword(ctx, m.password)
	if err != nil {
		return nil, err
	}
	o.Password = mail.Password(password)
	return mail.NewSMTP(o)
}
