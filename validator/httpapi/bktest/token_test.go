// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// hardware is a hardware token (ハードウェアトークン) with its own clock.
type hardware struct {
	b      *bank
	serial string
	seed   []byte
}

// back is the expiry date on the back label, unless a test uses another.
const back = "2031-03-31"

// token imports a seed file (PSKC) with one token and issues it to the contract. until
// is the expiry date on its back label.
func (c *contract) token(until ...string) *hardware {
	c.t.Helper()
	f := c.newToken()
	c.imports(f, "?contract="+c.id, append(until, back)[0])
	return f
}

// stock imports a token into the inventory.
func (b *bank) stock() *hardware {
	b.t.Helper()
	f := b.newToken()
	b.imports(f, "", back)
	return f
}

func (b *bank) newToken() *hardware {
	b.made++
	seed := []byte("12345678901234567890")
	binary.BigEndian.PutUint32(seed, uint32(b.made))
	return &hardware{b, fmt.Sprintf("2600124%05d", b.made), seed}
}

func (b *bank) imports(f *hardware, query, until string) {
	b.t.Helper()
	var report struct{ Tokens int }
	b.send(b.desk, "POST", "/v1/imports"+query, "application/octet-stream", pskc(b.t, f, until), 201, &report)
	require.Equal(b.t, 1, report.Tokens)
}

// pskc returns the seed file of a token.
func pskc(t *testing.T, f *hardware, until string) []byte {
	t.Helper()
	serial, err := token.ParseSerial(f.serial)
	require.NoError(t, err)
	seed, err := token.NewSeed(f.seed)
	require.NoError(t, err)
	end, err := time.Parse(time.RFC3339, until+"T23:59:59+09:00")
	require.NoError(t, err)
	format, err := seedfile.FormatByName("pskc")
	require.NoError(t, err)
	var file bytes.Buffer
	w, err := format.NewWriter(&file, seedfile.WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.Write(&seedfile.Record{
		Serial: serial, Seed: seed, Digits: 6, Step: 60, Manufacturer: "oath.FOBS",
		Device: seedfile.Validity{Expiry: end},
	}))
	require.NoError(t, w.Close())
	return file.Bytes()
}

// shows returns the code that the token shows now, or the given number of minutes
// later.
func (f *hardware) shows(later ...int) string {
	f.b.t.Helper()
	at := f.b.now
	for _, n := range later {
		at = at.Add(time.Duration(n) * time.Minute)
	}
	code, err := totp.GenerateCodeCustom(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(f.seed), at,
		totp.ValidateOpts{Period: 60, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	require.NoError(f.b.t, err)
	return code
}

// never returns a code that the token does not show within 800 minutes of now.
func (f *hardware) never() string {
	f.b.t.Helper()
	shown := map[string]bool{}
	for n := -800; n <= 800; n++ {
		shown[f.shows(n)] = true
	}
	for i := 0; ; i++ {
		if code := fmt.Sprintf("%06d", i); !shown[code] {
			return code
		}
	}
}

// asTheBankSeesIt is the back office's view of a token.
type asTheBankSeesIt struct {
	Contract  string
	Expiry    string
	Condition string
	Suspended bool
	Users     []string
	Wrong     int `json:"wrong_entries"`
}

func (f *hardware) state() (v asTheBankSeesIt) {
	f.b.t.Helper()
	f.b.ask(f.b.desk, "GET", "/v1/tokens/"+f.serial, nil, 200, &v)
	return v
}

// suspension returns the way to unlock the token that the bank names to a clerk, and
// its rule.
func (f *hardware) suspension() (way, rule string) {
	f.b.t.Helper()
	var v struct {
		Suspended bool
		Way, Rule string
	}
	f.b.ask(f.b.desk, "GET", "/v1/tokens/"+f.serial+"/suspension", nil, 200, &v)
	require.True(f.b.t, v.Suspended)
	return v.Way, v.Rule
}

// Acts of a clerk after an application on paper.

func (f *hardware) unlockedOnPaper() said { f.b.t.Helper(); return f.onPaper("suspension/lift", m{}) }
func (f *hardware) revokedOnPaper() said  { f.b.t.Helper(); return f.onPaper("revocation", m{}) }
func (f *hardware) is(reported string) {
	f.b.t.Helper()
	f.onPaper("report", m{"condition": reported}).isDone()
}
func (f *hardware) onPaper(what string, body m) said {
	f.b.t.Helper()
	s := said{t: f.b.t}
	f.b.ask(f.b.desk, "POST", "/v1/tokens/"+f.serial+"/"+what, body, 200, &s)
	return s
}
