// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"errors"

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
