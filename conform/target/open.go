// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/freeport"
	"github.com/d204ef64/fob/internal/redact"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

const (
	requestTimeout = 30 * time.Second
	restartTimeout = 60 * time.Second
	programTimeout = 10 * time.Minute // of a program of setup or restart, which may build a database
)

// Open is an open target. Close it when the run is over.
type Open struct {
	Target *conform.Target

	file   *File
	dir    string
	client *http.Client
	saved  values      // of the setup
	pam    *sync.Mutex // held while a service is written
	seen   *seen

	programs []*program // in the order of their start
}

// Open does the steps of the setup, and returns the target. The error wraps [ErrMissing] if
// it needs programs that are not installed.
func (f *File) Open(ctx context.Context) (*Open, error) {
	if err := f.missing(); err != nil {
		return nil, fmt.Errorf("setting up the target: %w", err)
	}
	dir, err := os.MkdirTemp("", "fob-conform-")
	if err != nil {
		return nil, err
	}
	jar, err := newSession()
	if err != nil {
		return nil, err
	}
	t := &Open{file: f, dir: dir, pam: new(sync.Mutex), seen: &seen{all: redact.Texts{}}, saved: maps.Clone(f.secrets), client: &http.Client{
		Timeout: f.options.Timeout, Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.saved["dir"], t.saved["random"] = dir, rand.Text()
	for name, value := range t.saved {
		if len(value) >= shortest && !slices.Contains(notSecret, name) {
			t.seen.all.Add(value, "{{"+name+"}}")
		}
	}
	if me, err := user.Current(); err == nil {
		t.saved["me"] = me.Username
	}
	if f.uses("port") {
		port, err := freeport.Find()
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		t.saved["port"] = strconv.Itoa(port)
	}
	for i := range f.Setup {
		s := &f.Setup[i]
		var a *answer
		if s.Start != nil {
			a, err = t.start(ctx, s.Start, maps.Clone(t.saved))
		} else {
			a, err = t.do(ctx, &s.Step, t.saved, nil)
		}
		if err == nil && !s.done(a) {
			err = fmt.Errorf("%w: %s", conform.ErrRefused, a.short())
		}
		if err == nil {
			err = t.save(&s.Step, a, t.saved)
		}
		if err != nil {
			_ = t.Close()
			return nil, fmt.Errorf("setting up the target: step %d: %w", i+1, err)
		}
	}
	t.Target = t.target()
	return t, nil
}

// Close ends the programs and removes the temporary files of the run.
func (t *Open) Close() error {
	t.client.CloseIdleConnections()
	t.stopAll()
	return os.RemoveAll(t.dir)
}

// save keeps the values of an answer that a step names.
func (t *Open) save(s *Step, a *answer, v values) error {
	for name, r := range s.Save {
		value, ok := r.read(a)
		if !ok {
			err := fmt.Errorf("%s is not in the answer: %s", name, a.short())
			if a.status > 0 && a.status < 500 {
				err = fmt.Errorf("%w: %w", conform.ErrUndescribed, err)
			}
			return err
		}
		v[name] = value
		if !slices.Contains(reqtemplate.Names(t.file.Version), name) {
			t.seen.save(name, value)
		}
	}
	return nil
}

// verb does a verb, and returns the answer of its last step.
func (t *Open) verb(ctx context.Context, verb *Verb, token *conform.Token, more values, ready func()) (*answer, error) {
	if verb.Fresh {
		var err error
		if t, err = t.withoutCookies(); err != nil {
			return nil, err
		}
	}
	v := maps.Clone(t.saved)
	if token != nil {
		seed := token.Seed.Bytes()
		v["user"], v["serial"] = token.User, token.Serial
		v["seed_hex"], v["seed_base32"] = hex.EncodeToString(seed), strings.TrimRight(base32.StdEncoding.EncodeToString(seed), "=")
		v["period"], v["digits"] = strconv.FormatInt(token.Period, 10), strconv.Itoa(int(token.Digits))
		clear(seed)
	}
	maps.Copy(v, more)
	for i := range verb.Before {
		a, err := t.do(ctx, &verb.Before[i], v, nil)
		if err == nil {
			err = t.save(&verb.Before[i], a, v)
		}
		if err != nil {
			return nil, fmt.Errorf("before: step %d: %w", i+1, err)
		}
	}
	if verb.Again {
		return &answer{}, t.startAgain(ctx)
	}
	a, err := t.do(ctx, &verb.Step, v, ready)
	if err != nil || len(verb.After) == 0 || verb.done(a) != nil {
		return a, err
	}
	if err := t.save(&verb.Step, a, v); err != nil {
		return nil, err
	}
	return a, t.after(ctx, verb.After, v)
}

// after does the steps after a verb.
func (t *Open) after(ctx context.Context, steps []Step, v values) error {
	for i := range steps {
		a, err := t.do(ctx, &steps[i], v, nil)
		if err == nil && !a.good() {
			err = fmt.Errorf("%w: %s", conform.ErrRefused, a.short())
		}
		if err == nil {
			err = t.save(&steps[i], a, v)
		}
		if err != nil {
			return fmt.Errorf("after: step %d: %w", i+1, err)
		}
	}
	return nil
}

// target returns the verbs as functions.
func (t *Open) target() *conform.Target {
	f, d := t.file, t.file.Declares
	c := &conform.Target{
		Name: f.Name, Version: t.saved.Fill(f.Version, reqtemplate.Plain), ByHand: f.byHand(), Redact: t.seen.redact,
		Declares: conform.Declared{
			Window: d.Window, Lockout: d.Lockout, Resync: d.Resync, CountReplayed: d.CountReplayed,
			CountMalformed: d.CountMalformed, DriftInterval: f.drift,
			ReactivateAfter: f.wait, NoticeMonths: d.NoticeMonths, Fee: d.Fee, UnlockNeedsCode: d.UnlockNeedsCode,
		},
		Limits: conform.Limits{
			Tokens: f.Limits.Tokens, Parallel: f.Limits.Parallel, Period: f.Limits.Period,
			OtherPeriods: f.Limits.Period == 0 && strings.Contains(strings.Join(f.Import.texts(), "\n"), "{{period}}"),
		},
		Import: t.each(f.Import), Check: t.attempt(f.Check), CheckOther: t.attempt(f.CheckOther), Resync: t.attempt(f.Resync),
		Unlock: t.each(f.Unlock), Revoke: t.each(f.Revoke), Remove: t.each(f.Remove),
	}
	if f.Assign != nil {
		c.Assign = func(ctx context.Context, token *conform.Token, user string) error {
			return t.perform(ctx, f.Assign, token, values{"user": user})
		}
	}
	if f.Clock != nil {
		c.SetClock = func(ctx context.Context, at time.Time) error {
			return t.perform(ctx, f.Clock, nil, values{"unix": strconv.FormatInt(at.Unix(), 10), "time": at.UTC().Format(time.RFC3339)})
		}
	}
	if f.Restart != nil {
		c.Restart = t.restart
	}
	if f.Status != nil {
		c.Status, c.NoDrift = t.status, f.Status.Drift.empty()
	}
	if f.ImportFile != nil {
		c.ImportFile, c.Formats = t.importFile, f.ImportFile.Formats
		if c.Formats == nil {
			c.Formats = []string{"pskc"}
		}
	}
	c.BankVerbs = t.bankVerbs()
	return c
}

// perform does a verb that is not about a code.
func (t *Open) perform(ctx context.Context, v *Verb, token *conform.Token, more values) error {
	a, err := t.verb(ctx, v, token, more, nil)
	if err != nil {
		return err
	}
	return v.done(a)
}

func (t *Open) each(v *Verb) func(context.Context, *conform.Token) error {
	if v == nil {
		return nil
	}
	return func(ctx context.Context, token *conform.Token) error { return t.perform(ctx, v, token, nil) }
}

func (t *Open) attempt(v *Verb) func(context.Context, conform.Attempt) (conform.Answer, error) {
	if v == nil {
		return nil
	}
	return func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
		got, err := t.verb(ctx, v, a.Token, values{"user": a.User, "code": a.Code, "second": a.Second}, a.Ready)
		if err != nil {
			return conform.Answer{}, err
		}
		return v.verdict(got), nil
	}
}

func (t *Open) status(ctx context.Context, token *conform.Token) (st conform.Status, err error) {
	v := t.file.Status
	a, err := t.verb(ctx, v, token, nil, nil)
	if err != nil {
		return st, err
	}
	if err := v.done(a); err != nil {
		return st, err
	}
	if !v.Locked.empty() {
		locked := v.Locked.matches(a)
		st.Locked = &locked
	}
	if n := v.Failed.number(a); n != nil {
		failed := int64(*n)
		st.Failed = &failed
	}
	if text, ok := v.Expiry.read(a); ok {
		st.Expiry = &text
	}
	st.Unread = map[string]string{}
	for name, r := range map[string]*Read{"failed": &v.Failed, "drift": &v.Drift} {
		if !r.empty() && r.number(a) == nil {
			st.Unread[name] = r.place()
		}
	}
	for p := range v.Locked.JSON {
		if _, ok := pointer(a.body, p); !ok {
			st.Unread["locked"] = p
		}
	}
	st.Text = a.text()
	if st.Drift = v.Drift.number(a); st.Drift != nil && v.Drift.Unit == "seconds" {
		*st.Drift /= float64(token.Period)
	}
	return st, nil
}

// restart restarts the server. The steps after it begin when the server accepts
// connections, and their values are kept, such as the session of a new login.
func (t *Open) restart(ctx context.Context) error {
	t.client.CloseIdleConnections()
	verb := *t.file.Restart
	verb.After = nil
	if err := t.perform(ctx, &verb, nil, nil); err != nil {
		return err
	}
	t.client.CloseIdleConnections()
	if err := t.connect(ctx); err != nil {
		return err
	}
	return t.after(ctx, t.file.Restart.After, t.saved) // no other verb is done now
}

// connect waits until the server accepts connections.
func (t *Open) connect(ctx context.Context) error {
	u, err := url.Parse(t.saved.Fill(t.file.URL, reqtemplate.Plain))
	if err != nil || u.Host == "" {
		return nil
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	ctx, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: after a restart: %w", conform.ErrUnreachable, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
