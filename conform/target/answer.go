// SPDX-License-Identifier: Apache-2.0

package target

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform"
)

// answer is the answer of a step.
type answer struct {
	status int // of HTTP; 0 otherwise
	exit   int
	packet string // of RADIUS; "" otherwise
	header http.Header
	body   []byte
	filled values // of the step
}

// good reports whether a verb is done, if its file does not describe that.
func (a *answer) good() bool {
	switch {
	case a.status > 0:
		return a.status >= 200 && a.status < 300
	case a.packet != "":
		return a.packet == packetAccept
	}
	return a.exit == 0
}

// text is all that a client sees, except for headers, which have dates.
func (a *answer) text() string {
	first := fmt.Sprint("exit code ", a.exit)
	switch {
	case a.status > 0:
		first = fmt.Sprint("status ", a.status)
	case a.packet != "":
		first = "Access-" + strings.ToUpper(a.packet[:1]) + a.packet[1:]
	}
	return strings.TrimSpace(first + " " + strings.TrimSpace(string(a.body)))
}

// short is the text for an error. It has no secrets of the step.
func (a *answer) short() string {
	const most = 200
	text := strings.Join(strings.Fields(hide(a.filled, a.text())), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func (m *Match) matches(a *answer) bool {
	switch {
	case m.empty(), m.Status != 0 && m.Status != a.status, m.Packet != "" && m.Packet != a.packet, !m.re.Match(a.body):
		return false
	case m.Exit != nil && (a.status > 0 || a.packet != "" || *m.Exit != a.exit):
		return false
	}
	for p, want := range m.JSON {
		if got, ok := pointer(a.body, p); !ok || got != want {
			return false
		}
	}
	return true
}

// pointer returns a value of a JSON text (RFC 6901) as a text.
func pointer(text []byte, p string) (string, bool) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "", false
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for _, name := range strings.Split(p, "/")[1:] {
		name = unescape.Replace(name)
		switch in := v.(type) {
		case map[string]any:
			inner, ok := in[name]
			if !ok {
				return "", false
			}
			v = inner
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return "", false
			}
			v = in[i]
		default:
			return "", false
		}
	}
	return fmt.Sprint(v), true
}

// read returns a value of an answer.
func (r *Read) read(a *answer) (string, bool) {
	switch {
	case r.JSON != "":
		return pointer(a.body, r.JSON)
	case r.Header != "":
		return a.header.Get(r.Header), a.header.Get(r.Header) != ""
	case r.Cookie != "":
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			if c.Name == r.Cookie {
				return c.Value, true
			}
		}
	case r.Body != "":
		if m := r.re.FindSubmatch(a.body); m != nil {
			return string(m[1]), true
		}
	}
	return "", false
}

// place describes where a value is.
func (r *Read) place() string { return cmp.Or(r.JSON, r.Header, r.Cookie, r.Body) }

// number returns a numeric value of an answer, nil if there is none.
func (r *Read) number(a *answer) *float64 {
	text, ok := r.read(a)
	n, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil {
		return nil
	}
	return &n
}

// verdict returns the verdict of an answer about a code.
func (v *Verb) verdict(a *answer) conform.Answer {
	judged := conform.Answer{Text: a.text(), OnPaper: v.Paper.matches(a)}
	switch {
	case v.limits(a):
		judged.Verdict, judged.RetryAfter = conform.Limited, a.retryAfter()
	case v.Accepted.matches(a):
		judged.Verdict = conform.Accepted
	case v.NextCode.matches(a):
		judged.Verdict = conform.NextCode
	case v.Refused.matches(a):
		judged.Verdict = conform.Refused
	default:
		if judged.Text = a.short(); !v.trouble(a) {
			judged.Verdict = conform.Undescribed
		}
	}
	return judged
}

// limits reports whether the server has not done anything because of too many requests.
func (v *Verb) limits(a *answer) bool {
	return v.Limited.matches(a) || v.Limited.empty() && a.status == http.StatusTooManyRequests
}

// retryAfter returns how long to wait after too many requests; 0 if the answer does not have it.
func (a *answer) retryAfter() time.Duration {
	n, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// trouble reports whether an answer that is not described shows an error of the server.
func (v *Verb) trouble(a *answer) bool {
	const signals = 128 // a shell adds the number of the signal that has ended a program
	return a.status >= 500 || v.PAM != nil || a.status == 0 && a.packet == "" && a.exit > signals
}

// done reports whether an answer shows that a step of setup is done.
func (s *SetupStep) done(a *answer) bool {
	return s.Accepted.matches(a) || s.Accepted.empty() && (a.good() || a.status/100 == 3)
}

// done returns the error of an answer to a verb that is not about a code.
func (v *Verb) done(a *answer) error {
	switch {
	case v.limits(a):
		return &conform.LimitedError{Err: errors.New(a.short()), RetryAfter: a.retryAfter()}
	case v.Refused.matches(a):
	case v.Accepted.matches(a), v.Accepted.empty() && a.good():
		return nil
	case a.status >= 500 || v.Accepted.empty() && a.status == 0 && a.packet == "":
		return &conform.AnswerError{Err: errors.New(a.short()), Full: a.text()}
	}
	return &conform.AnswerError{Err: fmt.Errorf("%w: %s", conform.ErrRefused, a.short()), Full: a.text()}
}
