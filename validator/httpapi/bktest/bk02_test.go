// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Q1. 一回限り有効な使い捨てパスワードです。
// Q2. 一回限り有効であるため、…成りすましの被害を防止することができます。
func TestBK02Once(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		token := c.token()
		suzuki, sato := c.master("suzuki").with(token), c.plain("sato").with(token)
		kato := c.plain("kato").with(c.token())

		code := suzuki.code()
		suzuki.transfers(code).isDone()
		suzuki.transfers(code).isRefused()
		suzuki.does("pay-easy", code).isRefused()                  // for another operation
		sato.transfers(code).isRefused()                           // by another user of the token
		b.checks(token, code).isRefused()                          // for another system
		suzuki.revokes(kato.token, code).isRefused()               // for the revocation of another token
		for _, later := range []time.Duration{30, 28, 3, 29, 31} { // 30, 58, 61, 90 and 121 s
			b.passes(later * time.Second)
			suzuki.transfers(code).isRefused()
		}
		b.passes(time.Minute)
		sato.transfers(sato.code()).isDone()
	})
}

// TestBK02AtOnce sends two dozen requests with the same code at the same time.
func TestBK02AtOnce(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		token := c.token()
		suzuki, sato := c.master("suzuki").with(token), c.plain("sato").with(token)
		sessions := []string{suzuki.loggedIn(), sato.loggedIn()}
		code := token.shows()
		done := make([]said, 24)
		var all sync.WaitGroup
		for i := range done {
			all.Go(func() {
				b.ask(sessions[i%2], "POST", "/v1/transactions", m{"operation": "transfer", "code": code}, 200, &done[i])
			})
		}
		all.Wait()
		times := 0
		for _, s := range done {
			if s.Done {
				times++
			}
		}
		require.Equal(t, 1, times)
	})
}

func TestBK02AfterRestart(t *testing.T) {
	story(t, func(t *testing.T, b *bank) {
		c := b.contract()
		suzuki := c.master("suzuki").with(c.token())
		code := suzuki.code()
		suzuki.transfers(code).isDone()
		b.restarts()
		suzuki.transfers(code).isRefused()
		suzuki.transfers(suzuki.token.shows(1)).isDone()
	})
}

// checks sends a code for a check, as another system does.
func (b *bank) checks(f *hardware, code string) said {
	b.t.Helper()
	s := said{t: b.t}
	b.ask(b.check, "POST", "/v1/check", m{"serial": f.serial, "code": code}, 200, &s)
	return s
}
