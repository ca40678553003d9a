// SPDX-License-Identifier: Apache-2.0

package fobtest_test

import (
	"testing"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/fobtest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// server stands for the server under test.
type server struct{ accepted map[string]bool }

func (s *server) Validate(_, code string) bool {
	ok := !s.accepted[code]
	s.accepted[code] = true
	return ok
}

// A token that is years old: the server's clock is not touched.
func TestAgedTokenIsOff(t *testing.T) {
	tok := fobtest.New(t).Token(fobtest.PPM(-3.8))
	tok.Age(5 * virtual.Year)
	if v := tok.Oracle(tok.Code(), 2); v.Fits {
		t.Fatalf("the code is off by %d steps only", v.Offset)
	}
}

// A code can be used once. The next one needs no sleep.
func TestReplayIsRefused(t *testing.T) {
	srv, tok := &server{map[string]bool{}}, fobtest.New(t).Token()
	code := tok.FreshCode()
	if !srv.Validate(tok.Serial(), code) || srv.Validate(tok.Serial(), code) {
		t.Fatal("a code must be accepted once")
	}
	if !srv.Validate(tok.Serial(), tok.FreshCode()) {
		t.Fatal("the next code was refused")
	}
}

// A token at the end of its validity.
func TestExpiredToken(t *testing.T) {
	w := fobtest.New(t)
	tok := w.Token(fobtest.Expiry("2027-12-31"))
	w.AdvanceTo(time.Date(2028, 1, 1, 12, 0, 0, 0, time.UTC))
	if tok.State() != serialproto.StateExpired {
		t.Fatalf("it is %s on the day after its expiry date", tok.State())
	}
}

// A whole inventory of different ages.
func TestInventory(t *testing.T) {
	for _, tok := range fobtest.New(t).Lot(fleet.Lot{Count: 100, Ready: true, Crystal: fleet.CrystalC200, Age: "P1Y", AgeTo: "P3Y"}) {
		if v := tok.Oracle(tok.Code(), 10); !v.Fits {
			t.Errorf("token %s is off by %d steps", tok.Serial(), v.Offset)
		}
	}
}

func Example() {
	var t *testing.T // the test's

	w := fobtest.New(t, fobtest.StartNow())     // for a server on real time
	tok := w.Token(fobtest.Profile("button-6")) // provisioned and locked
	importSeeds(w.SeedFile("pskc", tok))
	tok.Skew(95 * time.Second)
	login(tok.Serial(), tok.CodeFor(10*time.Second))
}

func importSeeds([]byte)   {}
func login(string, string) {}
