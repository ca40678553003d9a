// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/token"
)

var codeCases = []Case{
	{"C01", "the server and the token use the same time step, 60 s", "R62 R4, §4.1", Must, false, c01},
	{"C02", "the code of a 30 s step of the same seed is refused", "R62 R4", Must, false, c02},
	{"C03", "codes equal the vectors of appendix B, and at 60 s those of oathtool", "R62 App. B", Must, false, c03},
	{"C04", "the time counter has more than 32 bits: codes are accepted after 2038", "R62 §4.2", Must, false, c04},
	{"C05", "leading zeros are kept: a code is a string of 6 characters", "R42 §5.3", Must, false, c05},
	{"C06", "a code read in the last second of its step is accepted in the first second of the next", "R62 §5.2", Must, false, c06},
	{"C07", "the window allows at most one step for transmission", "R62 §5.2", Should, false, c07},
	{"C08", "the window is as wide forward as backward", "R62 §6", Should, false, c08},
	{"C09", "the window has a declared limit", "R62 §6", Should, false, c09},
	{"C10", "the window is a number of steps, and tokens of 30 s are refused", "R62 §6; BK-01", Bank, false, c10},
}

func c01(e *env) string {
	f := e.fob()
	e.accept(f, e.code(f, 0), "the code of the current step of 60 s")
	return "the code of the current step of 60 s is accepted"
}

// c02 moves to a time at which no nearby step has the 30 s code by chance.
func c02(e *env) string {
	f := e.fob()
	for {
		code := f.hotp(e.now / 30)
		near := false
		for n := int64(-50); n <= 50; n++ {
			near = near || e.code(f, n) == code
		}
		if !near {
			equal(e, refused, e.check(f, code), "the code of 30 s")
			break
		}
		e.advanceSteps(1)
	}
	e.accept(f, e.code(f, 0), "the code of 60 s")
	return "the code of a 30 s step is refused, then the code of the 60 s step is accepted"
}

// vectorKeys are the seeds of RFC 6238 appendix B with the lengths of erratum 2866: the
// digits repeated to the length of the hash.
var vectorKeys = map[token.Algorithm]string{
	token.SHA1:   "12345678901234567890",
	token.SHA256: "12345678901234567890123456789012",
	token.SHA512: "1234567890123456789012345678901234567890123456789012345678901234",
}

// vectors are the test vectors of appendix B (at 30 s), and the values of oathtool
// 2.6.7 at 60 s: oathtool --totp=sha256 -s 60s -N @59 -d 8 KEY.
var vectors = []struct {
	at     int64
	alg    token.Algorithm
	b, x60 string
}{
	{59, token.SHA1, "94287082", "84755224"},
	{59, token.SHA256, "46119246", "18920136"},
	{59, token.SHA512, "90693936", "53550594"},
	{1111111109, token.SHA1, "07081804", "19360094"},
	{1111111109, token.SHA256, "68084774", "40857319"},
	{1111111109, token.SHA512, "25091201", "37023009"},
	{1111111111, token.SHA1, "14050471", "19360094"}, // at 60 s, the same step as the previous time
	{1111111111, token.SHA256, "67062674", "40857319"},
	{1111111111, token.SHA512, "99943326", "37023009"},
	{1234567890, token.SHA1, "89005924", "55713351"},
	{1234567890, token.SHA256, "91819424", "16450756"},
	{1234567890, token.SHA512, "93441116", "85275929"},
	{2000000000, token.SHA1, "69279037", "76864010"},
	{2000000000, token.SHA256, "90698825", "34471171"},
	{2000000000, token.SHA512, "38618901", "97791279"},
	{20000000000, token.SHA1, "65353130", "52948864"},
	{20000000000, token.SHA256, "77737706", "03964845"},
	{20000000000, token.SHA512, "47863826", "01384259"},
}

func c03(e *env) string {
	fobs := map[token.Algorithm]*fob{}
	var keys []pskcKey
	for _, alg := range []token.Algorithm{token.SHA1, token.SHA256, token.SHA512} {
		fobs[alg] = &fob{serial: e.newSerial(), key: []byte(vectorKeys[alg]), alg: alg, digits: 8}
		keys = append(keys, pskcKey{fob: fobs[alg]})
	}
	for _, v := range vectors {
		equal(e, v.b, fobs[v.alg].hotp(v.at/30), "the code that the suite computes for %s at %d and 30 s", v.alg, v.at)
		equal(e, v.x60, fobs[v.alg].hotp(v.at/60), "the code that the suite computes for %s at %d and 60 s", v.alg, v.at)
	}
	r := e.tryImport(pskcFile("", keys...), "contract="+escaped(e.contract))
	if r.status == http.StatusConflict {
		e.skipf("18 of 18 vectors correct offline; the target already has a token with the RFC's seed")
	}
	equal(e, http.StatusCreated, r.status, "the status of importing the RFC's seeds")
	used := map[string]bool{}
	good := 0
	for _, v := range vectors {
		e.setClock(v.at)
		want := accepted
		if step := fmt.Sprint(v.alg, v.at/60); used[step] {
			want = refused
		} else {
			used[step] = true
			good++
		}
		equal(e, want, e.check(fobs[v.alg], v.x60), "%s at %d", v.alg, v.at)
	}
	return fmt.Sprintf("18 of 18 vectors of appendix B correct offline; the target accepts each code of oathtool at 60 s once, %d of %d", good, len(used))
}

func c04(e *env) string {
	f := e.fob()
	times := []string{
		"2038-01-19T03:14:07Z", "2038-01-19T03:15:08Z", "2040-01-01T00:00:00Z", "2106-02-07T06:28:15Z", "2106-02-07T06:30:16Z", "2200-01-01T00:00:00Z",
	}
	for _, at := range times {
		e.setClockText(at)
		e.accept(f, e.code(f, 0), "at %s", at)
	}
	return fmt.Sprintf("accepted at %d times from 2038 to 2200", len(times))
}

func c05(e *env) string {
	f := e.fob()
	for !strings.HasPrefix(e.code(f, 0), "0") {
		e.now += period
	}
	e.setClock(e.now)
	code := e.code(f, 0)
	bare := strings.TrimLeft(code, "0")
	equal(e, refused, e.check(f, bare), "the code without its leading zeros, %d characters", len(bare))
	equal(e, refused, e.check(f, "0"+code), "the code with one more leading zero")
	e.accept(f, code, "the code with its leading zeros")
	return "a code with a leading zero is accepted, and refused without it or with one more"
}

func c06(e *env) string {
	f := e.fob()
	e.advance(period - 1)
	code := e.code(f, 0)
	e.advance(1)
	e.accept(f, code, "the code of the previous step, shown a second ago")
	return "accepted in the first second of the next step"
}

func c07(e *env) string {
	f := e.fob()
	a := e.check(f, e.code(f, -2))
	if a == accepted {
		e.failf("the code of two steps ago is accepted")
	}
	e.accept(f, e.code(f, 0), "the code of the current step")
	return fmt.Sprintf("the code of two steps ago is not accepted; the answer is %q", a)
}

// sweep returns the answers to codes of the steps -n to n, each with a new token.
func (e *env) sweep(n int64) map[int64]string {
	fobs := e.fobs(int(2*n + 1))
	got := map[int64]string{}
	for i := -n; i <= n; i++ {
		got[i] = e.check(fobs[i+n], e.code(fobs[i+n], i))
	}
	return got
}

// span returns the lowest and highest step with one of the answers. It fails if there
// are gaps.
func (e *env) span(got map[int64]string, answers ...string) (low, high int64) {
	is := func(i int64) bool {
		for _, a := range answers {
			if got[i] == a {
				return true
			}
		}
		return false
	}
	if !is(0) {
		e.failf("the code of the current step is %s", got[0])
	}
	for is(low - 1) {
		low--
	}
	for is(high + 1) {
		high++
	}
	for i := range got {
		if is(i) && (i < low || i > high) {
			e.failf("%s at %+d, but not at all steps between", got[i], i)
		}
	}
	return low, high
}

func c08(e *env) string {
	const most = 12
	low, high := e.span(e.sweep(most), accepted)
	if low == -most || high == most {
		e.failf("window %+d..%+d: no limit within ±%d steps", low, high, most)
	}
	equal(e, -low, high, "window %+d..%+d: steps backward and forward", low, high)
	return fmt.Sprintf("window %+d..%+d", low, high)
}

func c09(e *env) string {
	got := e.sweep(30)
	low, high := e.span(got, accepted)
	equal(e, e.rules.Window, high, "steps of the window forward")
	equal(e, -e.rules.Window, low, "steps of the window backward")
	first, last := e.span(got, accepted, nextCode)
	if -first > e.rules.LookAhead || last > e.rules.LookAhead {
		e.failf("the next code is requested at %+d..%+d, but the declared look-ahead is %d", first, last, e.rules.LookAhead)
	}
	return fmt.Sprintf("accepted at %+d..%+d of ±30, as declared; the next code is requested at %+d..%+d", low, high, first, last)
}

func c10(e *env) string {
	f := e.newFob()
	r := e.tryImport(pskcFile("", pskcKey{fob: f, interval: "30"}), "contract="+escaped(e.contract))
	if r.status == http.StatusCreated {
		e.failf("a token of 30 s was imported")
	}
	equal(e, false, e.hasToken(f), "the target has a token of 30 s")
	e.importFile(pskcFile("", pskcKey{fob: f}), e.contract)
	e.accept(f, e.code(f, 0), "a code of the same token with 60 s")
	return fmt.Sprintf("a file with 30 s is refused (%d), one with 60 s imported; the declared window is %d step", r.status, e.rules.Window)
}
