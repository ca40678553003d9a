// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"errors"
	"fmt"
	"strings"

	"github.com/d204ef64/fob/token"
)

var keyCases = []Case{
	{
		ID: "C66", Requirement: "a seed has at least 112 bits and belongs to one token",
		Source: "NIST SP 800-63B-4 §3.1.4.1; RFC 6238 R5", Level: Must, run: c66,
		Why: "Seeds of 80 bits can be found from a few codes with rented computers. Two tokens with one seed are copies of each other: either of them logs in as the other.",
		Steps: []string{
			"Import a token with a seed of 160 bits, and enter its current code. It must be accepted.",
			"Import a token with a seed of 80 bits. The import must be refused.",
			"Import a second token with the seed of the first. The import must be refused.",
		},
	},
	{
		ID: "C67", Requirement: "tokens that show a code for longer than 2 minutes are refused",
		Source: "NIST SP 800-63B-4 §3.1.4.1", Level: Must, run: c67,
		Why: "A code that is shown for 5 minutes can be phished and used for 5 minutes, and with a window of one step for 15.",
		Steps: []string{
			"Import a token of 60 s, and enter its current code. It must be accepted.",
			"Import tokens of 180 s and 300 s. The import must be refused, or else their current codes.",
		},
	},
}

func c66(e *env) string {
	one := e.token()
	e.accept(one, e.good(one), "the code of a token with a seed of 160 bits")
	short := e.newToken()
	short.key = short.key[:10]
	seed, err := token.NewShortSeed(short.key)
	if err != nil {
		panic(err) // a mistake in this case
	}
	short.Seed = seed
	for _, t := range []struct {
		name  string
		token *Token
	}{{"a token with a seed of 80 bits", short}, {"a second token with the seed of another one", e.tokenWith(one.key)}} {
		switch err := e.tryImport(t.token); {
		case err == nil:
			e.failf("%s is imported", t.name)
		case !errors.Is(err, ErrRefused):
			e.fail(VerbImport, err)
		}
	}
	return "a seed of 80 bits and a seed of another token are refused"
}

// longest is how long a token may show a code, in seconds.
const longest = 120

// c67 also allows the import of such a token if its codes are not accepted: some targets judge
// the period only then, or ignore it.
func c67(e *env) string {
	if !e.target.Limits.OtherPeriods {
		e.skipf("needs an import with the period of a token")
	}
	one := e.token()
	e.accept(one, e.good(one), "the code of a token of 60 s")
	var said []string
	for _, p := range []int64{longest + 60, longest + 180} {
		e.other = p
		t := e.newToken()
		switch err := e.tryImport(t); {
		case errors.Is(err, ErrRefused):
			said = append(said, fmt.Sprintf("tokens of %d s are refused", p))
		case err != nil:
			e.fail(VerbImport, err)
		default:
			e.settle()
			if e.check(t, e.code(t, 0)).Verdict == Accepted {
				e.failf("the code of a token of %d s is accepted", p)
			}
			said = append(said, fmt.Sprintf("tokens of %d s are imported, but their codes are not accepted", p))
		}
	}
	return strings.Join(said, "; ")
}
