// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// The output of fob validator with --json, one object per line. Programs rely on the
// keys. Days are in the time zone of Japan.

type contractResult struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Address  string     `json:"address"`
	Email    string     `json:"email"`
	Language string     `json:"language"`
	HadFree  bool       `json:"had_free"` // the free token has been issued
	Created  *time.Time `json:"created"`
}

func contractResultOf(c bank.Contract) contractResult {
	return contractResult{c.ID, c.Name, c.Address, c.Email, string(c.Language), c.HadFree, instant(c.Created)}
}

const contractHead = "CONTRACT                         LANG FREE CREATED             NAME"

func contractLine(c bank.Contract) string {
	return fmt.Sprintf("%-32s %-4s %-4s %-19s %s", c.ID, c.Language, yesNo(c.HadFree), tableTime(c.Created), plain(c.Name))
}

type userResult struct {
	ID        string       `json:"id"`
	Contract  string       `json:"contract"`
	Role      string       `json:"role"`
	Name      string       `json:"name"`
	Email     string       `json:"email"`
	Language  string       `json:"language"`
	Token     token.Serial `json:"token"` // "" if there is none
	Activated *time.Time   `json:"activated"`
	Revoked   *time.Time   `json:"revoked_at"` // when the user's last token was revoked
	Locked    bool         `json:"locked"`
	Created   *time.Time   `json:"created"`
}

func userResultOf(u bank.User) userResult {
	return userResult{
		u.ID, u.Contract, u.Role.String(), u.Name, u.Email, string(u.Language), u.Token,
		instant(u.Activated), instant(u.RevokedAt), u.Locked, instant(u.Created),
	}
}

const userHead = "USER                 ROLE   TOKEN                LOCKED NAME"

func userLine(u bank.User) string {
	return fmt.Sprintf("%-20s %-6s %-20s %-6s %s", u.ID, u.Role, dash(u.Token.String()), yesNo(u.Locked), plain(u.Name))
}

type tokenResult struct {
	Serial       token.Serial `json:"serial"`
	Contract     string       `json:"contract"` // "" is the inventory
	Condition    string       `json:"condition"`
	Suspended    bool         `json:"suspended"`
	Wrong        int          `json:"wrong_entries"` // consecutive
	Users        []string     `json:"users"`
	Expiry       token.Expiry `json:"expiry"`
	Start        *time.Time   `json:"start"`
	Algorithm    string       `json:"algorithm"`
	Digits       uint8        `json:"digits"`
	Step         int64        `json:"period"` // seconds
	T0           int64        `json:"t0"`
	Drift        int64        `json:"offset_steps"` // learned from codes
	Manufacturer string       `json:"manufacturer"`
	Model        string       `json:"model"`
	Activated    *time.Time   `json:"activated"`
	Noticed      *time.Time   `json:"noticed"` // when the notice of expiry was sent
	Imported     *time.Time   `json:"imported"`
}

func tokenResultOf(t bank.Token) tokenResult {
	users := t.Users
	if users == nil {
		users = []string{}
	}
	return tokenResult{
		Serial: t.Serial, Contract: t.Contract, Condition: t.Condition.String(),
		Suspended: t.State.Suspended, Wrong: t.State.FailedAttempts, Users: users,
		Expiry: t.Expiry, Start: instant(t.Start),
		Algorithm: t.Profile.Algorithm.String(), Digits: t.Profile.Digits,
		Step: int64(t.Profile.Step), T0: int64(t.Profile.T0), Drift: t.State.Drift.Offset,
		Manufacturer: t.Manufacturer, Model: t.Model,
		Activated: instant(t.Activated), Noticed: instant(t.Noticed), Imported: instant(t.Imported),
	}
}

const tokenHead = "TOKEN                CONTRACT             STATUS    EXPIRY     SUSPENDED USERS"

func tokenLine(t bank.Token) string {
	return fmt.Sprintf("%-20s %-20s %-9s %-10s %-9s %s", t.Serial, dash(t.Contract),
		t.Condition, date(t.Expiry),
		yesNo(t.State.Suspended), dash(strings.Join(t.Users, " ")))
}

type orderResult struct {
	ID       string       `json:"id"`
	Contract string       `json:"contract"`
	Cause    string       `json:"cause"`
	Returned bool         `json:"returned"`
	Old      token.Serial `json:"old"`
	New      token.Serial `json:"new"`
	Fee      int64        `json:"fee_yen"` // tax included
	Rule     string       `json:"rule"`
	Status   string       `json:"status"`
	Address  string       `json:"address"`
	Applied  token.Expiry `json:"applied"`
	From     token.Expiry `json:"due_from"` // start of the expected period
	To       token.Expiry `json:"due_to"`
	By       string       `json:"by"`
}

func orderResultOf(o bank.Order) orderResult {
	return orderResult{
		o.ID, o.Contract, o.Cause.String(), o.Returned, o.Old, o.New, int64(o.Fee), o.Rule.String(),
		o.Status.String(), o.Address, o.Applied, o.From, o.To, o.By,
	}
}

const orderHead = "ORDER                                CONTRACT             CAUSE      STATUS    FEE   APPLIED    OLD → NEW"

func orderLine(o bank.Order) string {
	return fmt.Sprintf("%-36s %-20s %-10s %-9s %5d %-10s %s → %s", o.ID, o.Contract, o.Cause, o.Status, o.Fee, date(o.Applied),
		dash(o.Old.String()), dash(o.New.String()))
}

type noticeResult struct {
	ID       string       `json:"id"`
	Serial   token.Serial `json:"serial"`
	Contract string       `json:"contract"`
	To       string       `json:"to"`
	Language string       `json:"language"`
	Expiry   token.Expiry `json:"expiry"`
	Order    string       `json:"order"`
	Status   string       `json:"status"`
	Made     *time.Time   `json:"created"`
	Sent     *time.Time   `json:"sent_at"`
	Tries    int          `json:"tries"`
	Problem  string       `json:"problem"`
}

func noticeResultOf(n bank.Notice) noticeResult {
	return noticeResult{
		n.ID, n.Serial, n.Contract, n.To, string(n.Language), n.Expiry, n.Order, n.Status.String(),
		instant(n.Made), instant(n.Sent), n.Tries, n.Problem,
	}
}

const noticeHead = "NOTICE                               TOKEN                EXPIRY     STATUS   TRIES TO"

func noticeLine(n bank.Notice) string {
	line := fmt.Sprintf("%-36s %-20s %-10s %-8s %5d %s", n.ID, n.Serial, date(n.Expiry), n.Status, n.Tries, plain(n.To))
	if n.Problem != "" {
		line += "  " + plain(n.Problem)
	}
	return line
}

type recordResult struct {
	Chain    int64      `json:"chain"`
	Seq      int64      `json:"seq"`
	At       *time.Time `json:"at"`
	User     string     `json:"user"`
	Clerk    string     `json:"clerk"`
	Contract string     `json:"contract"`
	Act      string     `json:"act"`
	Serial   string     `json:"serial"`
	Rule     string     `json:"rule"`
	Reason   string     `json:"reason"`
	Done     bool       `json:"done"`
	Channel  string     `json:"front"`
	Source   string     `json:"source"`
	Note     string     `json:"note"`
}

func recordResultOf(r bank.Record) recordResult {
	return recordResult{
		r.Chain, r.Seq, instant(r.At), r.User, r.Clerk, r.Contract, r.Act, r.Serial, r.Rule, r.Reason,
		r.Done, r.Channel, r.Source, r.Note,
	}
}

const recordHead = "AT                  WHO                  CHANNEL DONE RULE  TOKEN                ACT: REASON"

func recordLine(r bank.Record) string {
	who := r.User
	if who == "" {
		who = r.Clerk
	}
	if who == "" && r.Channel == bank.ChannelCommand {
		who = r.Source
	}
	line := fmt.Sprintf("%s %-20s %-7s %-4s %-5s %-20s %s", tableTime(r.At), dash(plain(who)), r.Channel, yesNo(r.Done), dash(r.Rule),
		dash(plain(r.Serial)), r.Act)
	if r.Reason != "" {
		line += ": " + r.Reason
	}
	if r.Note != "" {
		line += " (" + plain(r.Note) + ")"
	}
	return line
}

type keyResult struct {
	ID      string     `json:"id"`
	Role    string     `json:"role"`
	Name    string     `json:"name"`
	Created *time.Time `json:"created"`
	Ended   *time.Time `json:"ended"` // null if the key is valid
	Secret  string     `json:"secret,omitempty"`
	File    string     `json:"file,omitempty"` // contains the secret
}

func keyResultOf(k bank.APIKey) keyResult {
	return keyResult{ID: k.ID, Role: string(k.Role), Name: k.Name, Created: instant(k.Created), Ended: instant(k.Ended)}
}

const keyHead = "KEY                                  ROLE  CREATED             ENDED               NAME"

func keyLine(k bank.APIKey) string {
	return fmt.Sprintf("%-36s %-5s %-19s %-19s %s", k.ID, k.Role, tableTime(k.Created), tableTime(k.Ended), plain(k.Name))
}
