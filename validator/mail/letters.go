// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"embed"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"text/template"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// ErrOptions is the error for unusable options.
var ErrOptions = errclass.New(errclass.Usage, "invalid mail options")

// Letters configures the headers and the signature of the bank's letters.
type Letters struct {
	From    string           // the sender's address, with the bank's name: "Example Bank <otp@bank.example>"
	ReplyTo string           // address for replies; "" means From
	Bank    string           // the signature; "" means the name in From, or its address if it has no name
	Contact string           // one line for the letter, such as a telephone number; may be ""
	Now     func() time.Time // for the header Date; nil means time.Now
}

// letters is the parsed form of Letters.
type letters struct {
	from, reply   *mail.Address
	bank, contact string
	domain        string // of Message-ID
	now           func() time.Time
}

func (l Letters) read() (letters, error) {
	r := letters{bank: l.Bank, contact: l.Contact, now: l.Now}
	var err error
	if r.from, err = address("from", l.From); err != nil {
		return r, err
	}
	if l.ReplyTo != "" {
		if r.reply, err = address("reply-to", l.ReplyTo); err != nil {
			return r, err
		}
	}
	if r.bank == "" {
		r.bank = r.from.Name
	}
	if r.bank == "" {
		r.bank = r.from.Address
	}
	for field, s := range map[string]string{"bank": r.bank, "contact": r.contact} {
		if broken(s) {
			return r, fmt.Errorf("%w: %s: must be one line", ErrOptions, field)
		}
	}
	r.domain = r.from.Address[strings.LastIndexByte(r.from.Address, '@')+1:]
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

func address(field, s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || broken(s) || broken(a.Name) || broken(a.Address) {
		return nil, fmt.Errorf("%w: %s: %q is not an e-mail address, want one like Example Bank <name@example.com>", ErrOptions, field, s)
	}
	return a, nil
}

// broken reports whether a text has characters that could end its line.
func broken(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

//go:embed templates
var texts embed.FS

// expiry contains the templates of the notice. The first line is the subject, and the
// second is empty.
var expiry = map[bank.Language]*template.Template{
	bank.Japanese: parse("expiry.ja.txt", japaneseDate),
	bank.English:  parse("expiry.en.txt", englishDate),
}

func parse(name string, date func(token.Expiry) string) *template.Template {
	t := template.New(name).Funcs(template.FuncMap{"date": date}).Option("missingkey=error")
	return template.Must(t.ParseFS(texts, "templates/"+name))
}

func japaneseDate(e token.Expiry) string {
	y, m, d := e.Date()
	return fmt.Sprintf("%d年%d月%d日", y, m, d)
}

func englishDate(e token.Expiry) string {
	y, m, d := e.Date()
	return fmt.Sprintf("%d %v %d", d, time.Month(m), y)
}

// messageID matches texts that may be part of a Message-ID and of a file name.
var messageID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,99}$`)

// expiryMessage writes the notice. Its errors are permanent and wrap
// [bank.ErrMailRefused].
func (l letters) expiryMessage(m bank.ExpiryMail) (*gomail.Msg, error) {
	refuse := func(format string, args ...any) (*gomail.Msg, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{bank.ErrMailRefused}, args...)...)
	}
	to, err := mail.ParseAddress(m.To)
	switch {
	case err != nil || to.Address != m.To || broken(m.To):
		return refuse("%q is not an e-mail address", m.To)
	case !messageID.MatchString(m.ID):
		return refuse("%q cannot be part of a Message-ID", m.ID)
	case broken(m.Customer):
		return refuse("the customer's name has more than one line")
	case m.Expiry.IsZero() || m.From.IsZero() || m.By.IsZero():
		return refuse("a date is missing")
	case expiry[m.Language] == nil:
		return refuse("there is no template for language %q", m.Language)
	}
	var text bytes.Buffer
	err = expiry[m.Language].Execute(&text, struct {
		bank.ExpiryMail
		Bank, Contact string
	}{m, l.bank, l.contact})
	if err != nil {
		return refuse("%v", err)
	}
	subject, body, _ := strings.Cut(text.String(), "\n\n")

	encoding := gomail.EncodingQP
	if m.Language == bank.Japanese {
		encoding = gomail.EncodingB64 // shorter than =E3=81=82
	}
	msg := gomail.NewMsg(gomail.WithEncoding(encoding), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(l.from)
	if l.reply != nil {
		msg.ReplyToMailAddress(l.reply)
	}
	msg.ToMailAddress(to)
	msg.Subject(subject)
	msg.SetMessageIDWithValue(m.ID + "@" + l.domain)
	msg.SetDateWithValue(l.now().In(token.Tokyo()))
	// RFC 3834: automatic replies, such as holiday notices, must not answer this.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", string(m.Language))
	msg.SetBodyString(gomail.TypeTextPlain, body)
	return msg, nil
}
