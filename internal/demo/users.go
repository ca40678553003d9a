// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// lineUser is a user of the bank with a token.
type lineUser struct {
	id, password string
	token        fleet.Member
}

// atOnce is the number of users who do something at the same time.
const atOnce = 8

// each runs a function for each user.
func each(ctx context.Context, users []*lineUser, f func(context.Context, *lineUser) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, u := range users {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return f(ctx, u)
		})
	}
	return g.Wait()
}

// addUsers adds users to the contract.
func (b *Bank) addUsers(ctx context.Context, n int) (users []*lineUser, err error) {
	for i := range n {
		users = append(users, &lineUser{id: fmt.Sprintf("user-%03d", i+1), password: rand.Text()[:16]})
	}
	return users, each(ctx, users, func(ctx context.Context, u *lineUser) error {
		_, _, err := b.bank.AddUser(ctx, clerk, bank.NewUser{
			ID: u.id, Contract: contract, Role: validator.PlainUser, Name: u.id, Language: bank.English, Password: u.password,
		}, "")
		return err
	})
}

// register has each user log in with their password, and register their token with a code.
func (d *lineDemo) register(ctx context.Context) error {
	for i, m := range d.room.Made() {
		d.users[i].token = m
	}
	registered, err := d.count(ctx, LineRegister, func(ctx context.Context, u *lineUser) (bool, error) {
		var session struct {
			Secret string `json:"secret"`
		}
		err := d.bank.post(ctx, "", "/v1/sessions", map[string]string{"user": u.id, "password": u.password}, &session)
		if err != nil {
			return false, err
		}
		code, err := u.token.Code(ctx, fleet.CodeOptions{Fresh: true})
		if err != nil {
			return false, err
		}
		var r answer
		err = d.bank.post(ctx, session.Secret, "/v1/tokens/"+code.Serial.String()+"/activation", map[string]string{"code": code.Text}, &r)
		return r.Done, err
	})
	d.result.Registered = registered
	if err != nil {
		return err
	}
	return d.over(LineRegister, registered, fmt.Sprintf("%d users register a token with the code on its display", registered))
}

// answer is the bank's answer to a code.
type answer struct {
	Done bool `json:"done"`
}

// logIn has each user log in with the code that their token shows a minute later, and
// then with the same code again.
func (d *lineDemo) logIn(ctx context.Context) error {
	_, key, err := d.bank.bank.AddKey(ctx, clerk, bank.KeyCheck, "login")
	if err != nil {
		return err
	}
	d.room.World().Advance(time.Minute)
	var again atomic.Int64
	accepted, err := d.count(ctx, LineLogin, func(ctx context.Context, u *lineUser) (bool, error) {
		code, err := u.token.Code(ctx, fleet.CodeOptions{Fresh: true})
		if err != nil {
			return false, err
		}
		request := map[string]string{"user": u.id, "code": code.Text}
		var first, second answer
		if err := d.bank.post(ctx, key, "/v1/check", request, &first); err != nil {
			return false, err
		}
		if err := d.bank.post(ctx, key, "/v1/check", request, &second); err != nil {
			return false, err
		}
		if second.Done {
			again.Add(1)
		}
		return first.Done, nil
	})
	d.result.LoggedIn, d.result.Twice = accepted, int(again.Load())
	switch {
	case err != nil:
		return err
	case d.result.Twice > 0:
		return fmt.Errorf("%w: %s: %d codes were accepted twice", ErrStory, LineLogin, d.result.Twice)
	}
	return d.over(LineLogin, accepted, fmt.Sprintf("%d users log in with the next code, and no code works twice", accepted))
}

// count runs a function for each user and shows how many succeeded.
func (d *lineDemo) count(ctx context.Context, step LineStep, f func(context.Context, *lineUser) (bool, error)) (int, error) {
	var done atomic.Int64
	err := each(ctx, d.users, func(ctx context.Context, u *lineUser) error {
		ok, err := f(ctx, u)
		if err != nil {
			return fmt.Errorf("%s: %w", u.id, err)
		}
		if ok {
			d.Show(LineProgress{Step: step, Done: int(done.Add(1)), All: len(d.users)})
		}
		return nil
	})
	return int(done.Load()), err
}

// post sends a request to the bank's HTTP API, with the secret of a session or an API key.
func (b *Bank) post(ctx context.Context, secret, path string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	const most = 1 << 20
	text, err = io.ReadAll(io.LimitReader(res.Body, most))
	switch {
	case err != nil:
		return err
	case res.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s %s: %s", r.Method, path, res.Status)
	}
	return json.Unmarshal(text, result)
}
