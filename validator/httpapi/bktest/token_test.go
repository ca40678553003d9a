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

// back is the date on the back of tokens, unless a test says another.
const back = "2031-03-31"

// token takes in a seed file (PSKC) of one token that the contract has from then
// on, with a date on its back.
func (c *contract) token(until ...string) *hardware {
	c.t.Helper()
	f := c.newToken()
	c.imports(f, "?contract="+c.id, append(until, back)[0])
	return f
}

// stock takes in one that nobody has yet.
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

// pskc is the seed file of a token.
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

// shows is what the token shows now, or so many minutes later.
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

// never is a code that the token shows in no minute of this half of the day.
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

// asTheBankSeesIt is what the desk sees of a token.
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

// suspension is what a clerk is told of how it can be lifted.
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

// On paper: what a clerk of the bank does.

func (f *hardware) liftedOnPaper() said  { f.b.t.Helper(); return f.onPaper("suspension/lift", m{}) }
func (f *hardware) revokedOnPaper() said { f.b.t.Helper(); return f.onPaper("revocation", m{}) }
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
