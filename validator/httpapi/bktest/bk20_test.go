// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every decision leaves a record with the user, the act, the token, the rule and the
// time.
func TestBK20Records(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		tanaka := c.plain("tanaka").with(c.token())
		token := tanaka.token.serial

		// After each act, compare the newest record.
		last := func(of url.Values) record {
			t.Helper()
			list := b.audit(of)
			require.NotEmpty(t, list)
			return list[0]
		}
		is := func(r record, user, act, serial, rule, reason string, done bool) {
			t.Helper()
			require.Equal(t, []any{user, act, serial, rule, reason, done, c.id, b.now.UTC().Format(time.RFC3339)},
				[]any{r.User, r.Act, r.Serial, r.Rule, r.Reason, r.Done, r.Contract, r.At})
			require.Equal(t, []string{"http", "127.0.0.1"}, []string{r.Front, r.Source})
		}
		of := func(serial string) url.Values { return url.Values{"serial": {serial}} }

		code := tanaka.code()
		tanaka.transfers(code).isDone()
		is(last(of(token)), tanaka.name, "transfer", token, "BK-01", "accepted", true)
		tanaka.transfers(code).isRefused()
		is(last(of(token)), tanaka.name, "transfer", token, "BK-02", "replayed", false)
		tanaka.does("balance", "").isDone()
		is(last(url.Values{"user": {tanaka.name}}), tanaka.name, "balance", token, "BK-04", "allowed", true)
		tanaka.entersWrong(5)
		is(last(of(token)), tanaka.name, "transfer", token, "BK-05", "wrong", false)
		tanaka.transfers(tanaka.code()).isRefused()
		is(last(of(token)), tanaka.name, "transfer", token, "BK-05", "suspended", false)
		tanaka.unlocks(tanaka.token, "").saysNo("no way", "BK-08", "role")
		is(last(of(token)), tanaka.name, "lift suspension", token, "BK-08", "role", false)
		suzuki.unlocks(tanaka.token, suzuki.code()).isDone()
		is(last(of(token)), suzuki.name, "lift suspension", token, "BK-08", "allowed", true)
		b.passes(time.Minute)
		suzuki.revokes(tanaka.token, suzuki.code()).isDone()
		is(last(of(token)), suzuki.name, "revoke token", token, "BK-18", "allowed", true)
		tanaka.registers(tanaka.token).isRefused()
		is(last(of(token)), tanaka.name, "activate token", token, "BK-12", "revoked", false)

		// Acts of the back office are recorded with their rule.
		c.applies("additional")
		r := last(url.Values{"contract": {c.id}, "act": {"order"}})
		require.Equal(t, []any{"order", "BK-11", true}, []any{r.Act, r.Rule, r.Done})
		require.NotEmpty(t, r.Clerk)
		require.Contains(t, r.Note, "fee 2200")
		suzuki.token.is("lost")
		r = last(of(suzuki.token.serial))
		require.Equal(t, "BK-10", r.Rule)
		require.NotEmpty(t, r.Clerk)
	})
}

// TestBK20Whole: the log is intact, users cannot read or change it, and it contains no
// code.
func TestBK20Whole(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		var codes []string
		for range 10 {
			codes = append(codes, suzuki.code(), suzuki.token.never())
			suzuki.transfers(suzuki.code()).isDone()
			suzuki.entersWrong(1)
			b.passes(time.Minute)
		}
		list := b.audit(url.Values{"contract": {c.id}, "act": {"transfer"}})
		require.Len(t, list, 20)
		for _, r := range list {
			for _, code := range codes {
				require.False(t, strings.Contains(r.Note+r.Reason+r.User, code))
			}
		}
		var report struct {
			Whole   bool
			Records int
			Heads   string
		}
		b.ask(b.desk, "POST", "/v1/audit/verification", m{}, 200, &report)
		require.True(t, report.Whole)
		require.Greater(t, report.Records, 20)

		suzuki.transfers(suzuki.code()).isDone()
		before := report
		b.ask(b.desk, "POST", "/v1/audit/verification", m{"since": before.Heads}, 200, &report)
		require.True(t, report.Whole)
		require.Greater(t, report.Records, before.Records)

		b.ask(suzuki.loggedIn(), "GET", "/v1/audit", nil, 403, nil)
		b.ask(suzuki.loggedIn(), "POST", "/v1/audit/verification", m{}, 403, nil)
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			b.ask(b.desk, method, "/v1/audit", nil, 405, nil)
		}
	})
}
