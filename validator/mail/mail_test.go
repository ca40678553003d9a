// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/mail"
)

// sentAt is noon of 28 February 2031 in Japan: a month before a token's 31 March.
var sentAt = time.Date(2031, 2, 28, 3, 0, 0, 0, time.UTC)

func theLetters() mail.Letters {
	return mail.Letters{
		From: "例示銀行 <otp@bank.example>", ReplyTo: "desk@bank.example", Contact: "0120-000-000",
		Now: func() time.Time { return sentAt },
	}
}

func date(t testing.TB, year, month, day int) token.Expiry {
	e, err := token.NewExpiry(year, month, day)
	require.NoError(t, err)
	return e
}

func notice(t testing.TB, l bank.Language) bank.ExpiryMail {
	return bank.ExpiryMail{
		ID: "01956a3e-0000-7000-8000-000000000001", To: "keiri@customer.example", Language: l,
		Customer: "株式会社 例 & <b>", Serial: banktest.Serial(1), Expiry: date(t, 2031, 3, 31),
		From: date(t, 2031, 3, 7), By: date(t, 2031, 3, 10),
	}
}

// letter is a message as a mailbox sees it.
type letter struct {
	netmail.Header
	body string
}

// read reads a message with the standard library, which did not write it.
func read(t testing.TB, raw []byte) letter {
	t.Helper()
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		require.LessOrEqual(t, len(line), 78, "RFC 5322, section 2.1.1: %q", line)
		for _, b := range line {
			require.True(t, b >= ' ' && b < 0x7f || b == '\t', "%q", line)
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "text/plain", kind)
	require.Equal(t, "utf-8", strings.ToLower(params["charset"]))
	body := m.Body
	switch m.Header.Get("Content-Transfer-Encoding") {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	default:
		require.Fail(t, "no encoding")
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	return letter{m.Header, strings.ReplaceAll(string(text), "\r\n", "\n")}
}

func (l letter) decoded(t testing.TB, header string) string {
	s, err := new(mime.WordDecoder).DecodeHeader(l.Get(header))
	require.NoError(t, err)
	return s
}

// inFolder returns the message that a folder mailer has written.
func inFolder(t testing.TB, m bank.ExpiryMail) letter {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mails")
	f, err := mail.NewFolder(dir, theLetters())
	require.NoError(t, err)
	for range 2 { // a second one replaces the first
		require.NoError(t, f.SendExpiry(t.Context(), m))
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Equal(t, m.ID+".eml", files[0].Name())
	raw, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	require.NoError(t, err)
	return read(t, raw)
}

func TestMessageHeaders(t *testing.T) {
	for _, language := range []bank.Language{bank.Japanese, bank.English} {
		l := inFolder(t, notice(t, language))
		require.Equal(t, "<01956a3e-0000-7000-8000-000000000001@bank.example>", l.Get("Message-Id"))
		require.Equal(t, "Fri, 28 Feb 2031 12:00:00 +0900", l.Get("Date"))
		require.Equal(t, "auto-generated", l.Get("Auto-Submitted"))
		require.Equal(t, string(language), l.Get("Content-Language"))
		from, err := l.AddressList("From")
		require.NoError(t, err)
		require.Equal(t, []*netmail.Address{{Name: "例示銀行", Address: "otp@bank.example"}}, from)
		to, err := l.AddressList("To")
		require.NoError(t, err)
		require.Equal(t, []*netmail.Address{{Address: "keiri@customer.example"}}, to)
		reply, err := l.AddressList("Reply-To")
		require.NoError(t, err)
		require.Equal(t, []*netmail.Address{{Address: "desk@bank.example"}}, reply)
		require.Empty(t, l.Get("User-Agent")+l.Get("X-Mailer"))
	}
}

func TestJapaneseMessage(t *testing.T) {
	l := inFolder(t, notice(t, bank.Japanese))
	require.Equal(t, "ハードウェアトークンの有効期限のお知らせ", l.decoded(t, "Subject"))
	require.True(t, strings.HasPrefix(l.body, "株式会社 例 & <b> 様\n"), l.body)
	for _, line := range []string{
		"  シリアル番号: 100000000001", "  有効期限: 2031年3月31日", "  お届け予定: 2031年3月7日から2031年3月10日まで",
		"お問い合わせ: 0120-000-000", "例示銀行",
	} {
		require.Contains(t, l.body, "\n"+line+"\n")
	}
}

func TestEnglishMessage(t *testing.T) {
	l := inFolder(t, notice(t, bank.English))
	require.Equal(t, "Your hardware token expires soon", l.decoded(t, "Subject"))
	for _, line := range []string{
		"  Serial number: 100000000001", "  Expiry date: 31 March 2031", "  Expected: 7 March 2031 to 10 March 2031",
		"Contact: 0120-000-000", "例示銀行",
	} {
		require.Contains(t, l.body, "\n"+line+"\n")
	}
}

// TestInvalidMessageRefused checks that an invalid message is refused permanently, and
// that no header can be injected.
func TestInvalidMessageRefused(t *testing.T) {
	dir := t.TempDir()
	f, err := mail.NewFolder(dir, theLetters())
	require.NoError(t, err)
	for name, change := range map[string]func(*bank.ExpiryMail){
		"header in the address": func(m *bank.ExpiryMail) { m.To = "a@b.example\r\nBcc: c@d.example" },
		"two addresses":         func(m *bank.ExpiryMail) { m.To = "a@b.example, c@d.example" },
		"named":                 func(m *bank.ExpiryMail) { m.To = "A <a@b.example>" },
		"no address":            func(m *bank.ExpiryMail) { m.To = "" },
		"lines in the name":     func(m *bank.ExpiryMail) { m.Customer = "a\nb" },
		"path":                  func(m *bank.ExpiryMail) { m.ID = "../x" },
		"header in the ID":      func(m *bank.ExpiryMail) { m.ID = "x\r\nBcc: c@d.example" },
		"no ID":                 func(m *bank.ExpiryMail) { m.ID = "" },
		"language":              func(m *bank.ExpiryMail) { m.Language = "fr" },
		"no date":               func(m *bank.ExpiryMail) { m.Expiry = token.Expiry{} },
	} {
		m := notice(t, bank.English)
		change(&m)
		require.ErrorIs(t, f.SendExpiry(t.Context(), m), bank.ErrMailRefused, name)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files)

	require.NoError(t, os.RemoveAll(dir))
	require.ErrorIs(t, f.SendExpiry(t.Context(), notice(t, bank.English)), bank.ErrMailLater)
}

func TestInvalidLetters(t *testing.T) {
	for name, change := range map[string]func(*mail.Letters){
		"no from": func(l *mail.Letters) { l.From = "" },
		"header":  func(l *mail.Letters) { l.From = "a@b.example\r\nBcc: c@d.example" },
		"reply":   func(l *mail.Letters) { l.ReplyTo = "nobody" },
		"contact": func(l *mail.Letters) { l.Contact = "a\nb" },
		"bank":    func(l *mail.Letters) { l.Bank = "a\u2028b" },
	} {
		l := theLetters()
		change(&l)
		_, err := mail.NewFolder(t.TempDir(), l)
		require.ErrorIs(t, err, mail.ErrOptions, name)
	}
}

// TestDaily runs the bank's daily job on the last day of February. The notice for a
// token that expires on 31 March is sent once, in the contract's language.
func TestDaily(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	for id, language := range map[string]bank.Language{"c1": bank.Japanese, "c2": bank.English} {
		c := d.Contract(id)
		c.Language = language
		_, err := d.Bank.ChangeContract(t.Context(), banktest.Clerk, c)
		require.NoError(t, err)
		d.User(id, "user-"+id, validator.Master)
		d.Activate("user-"+id, d.Issued(id))
		d.Issued(id) // is not activated
	}
	server := serve(t, nil)
	sender, err := mail.NewSMTP(mail.SMTP{Letters: theLetters(), Addr: server.addr})
	require.NoError(t, err)

	d.Clock.Set(token.UnixSecondsOf(sentAt) - 12*3600 - 1)
	report, err := d.Bank.Daily(t.Context(), sender)
	require.NoError(t, err)
	require.Equal(t, bank.DailyReport{}, report, "a second before the day")
	d.Clock.Advance(1)
	report, err = d.Bank.Daily(t.Context(), sender)
	require.NoError(t, err)
	require.Equal(t, bank.DailyReport{Made: 2, Sent: 2}, report)
	report, err = d.Bank.Daily(t.Context(), sender)
	require.NoError(t, err)
	require.Equal(t, bank.DailyReport{}, report)

	said := map[string]string{}
	for _, m := range server.taken() {
		require.Equal(t, "otp@bank.example", m.from)
		require.Len(t, m.to, 1)
		said[m.to[0]] = read(t, m.raw).body
	}
	require.Len(t, said, 2)
	require.Contains(t, said["c1@example.com"], "  有効期限: 2031年3月31日\n")
	require.Contains(t, said["c1@example.com"], "  お届け予定: 2031年3月7日から2031年3月10日まで\n")
	require.Contains(t, said["c2@example.com"], "  Expiry date: 31 March 2031\n")
	require.Contains(t, said["c2@example.com"], "  Expected: 7 March 2031 to 10 March 2031\n")
}
