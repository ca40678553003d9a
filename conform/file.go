// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform/seedset"
)

var fileCases = []Case{
	{
		ID: "C53", Requirement: "if a file has dates on two levels, the earlier expiry and the later start apply",
		Source: "RFC 6030 §4.3.1 and §5", Level: Must, Needs: []Verb{VerbImportFile}, run: c53,
		Why: "Manufacturers write the life of the battery into the file, and banks the end of the contract. If the later date applies, a token is used after its end without notice.",
		Steps: []string{
			"Import a PSKC file whose device has the earlier expiry date and whose policy has the later start date.",
			"The expiry date that the server shows, and the codes just before and after each date if its clock can be moved, must follow the later start and the earlier expiry.",
			"Repeat both with the dates exchanged between device and policy.",
		},
	},
	{
		ID: "C57", Requirement: "a serial number is not imported twice, and importing it again does not change its state",
		Source: "RFC 6030 §4.3.1 SerialNo; RFC 6238 §5.2", Level: Must, run: c57,
		Why: "Importing the same delivery again is a common mistake. If it resets the tokens, used codes are valid again, and locked tokens are unlocked.",
		Steps: []string{
			"Import a token, and use a code of it. Enter a wrong one, which must be refused, unless two wrong codes lock a token.",
			"Import the same token again. Whether that is refused or not, the used code must still be refused and the number of wrong codes must stay.",
			"Do the same with new tokens and another seed for the same serial number. The used code, and a code of that seed, must be refused.",
			"Enter the next code of each token. It must be accepted.",
			"Do the same with PSKC files if the server imports them.",
		},
	},
	{
		ID: "C58", Requirement: "the time step in a file applies, and a file without one is refused instead of using 30 s",
		Source: "RFC 6238 R4", Level: Must, Needs: []Verb{VerbImportFile}, run: c58, Why: whyPeriod,
		Steps: []string{
			"Import a CSV file with a time step of 60 s. The current code must be accepted.",
			"Import a CSV file without the time step. The import must be refused.",
			"Import a CSV file with a time step of 30 s. Its token must have 30 s, or be refused.",
		},
	},
	{
		ID: "C59", Requirement: "the MAC of an encrypted seed is verified, and a missing MAC is refused",
		Source: "RFC 6030 §6.1.1", Level: Must, Needs: []Verb{VerbImportFile}, run: c59,
		Why: "Without the MAC, anyone between the supplier and the server can change seeds unnoticed: the changed tokens do not work, or they work for the attacker.",
		Steps: []string{
			"Import encrypted PSKC files whose MAC is wrong, whose seed was changed, and whose MAC is missing. Each must be refused.",
			"None of their tokens may be in the server.",
			"Import each file without the change. A code of its token must be accepted.",
		},
	},
	{
		ID: "C60", Requirement: "with a wrong key or password nothing is imported",
		Source: "RFC 6030 §6", Level: Must, Needs: []Verb{VerbImportFile}, run: c60,
		Why: "A wrong key gives a random seed. The tokens are in the server, but all their codes are refused, and the support looks for the mistake in the tokens.",
		Steps: []string{
			"Import an encrypted PSKC file with a wrong key, another with a wrong password, and one without a key. Each must be refused.",
			"None of their tokens may be in the server.",
			"Import each file with the right key or password. A code of its token must be accepted.",
		},
	},
	{
		ID: "C61", Requirement: "namespace prefixes, the order of attributes, comments and line breaks in a file do not matter",
		Source: "Namespaces in XML 1.0 §3; XML 1.0 §3.1", Level: Must, Needs: []Verb{VerbImportFile}, run: c61,
		Why: "A file of another manufacturer, or of a newer version of its program, cannot be imported, although it is correct.",
		Steps: []string{
			"Import PSKC files in the default namespace, with two different prefixes, with both, with attributes in another order, and with comments and line breaks.",
			"A code of each token must be accepted.",
		},
	},
	{
		ID: "C62", Requirement: "TimeDrift in a file is a number of time steps",
		Source: "RFC 6030 §4.1 TimeDrift", Level: Must, Needs: []Verb{VerbImportFile}, run: c62,
		Why: "Tokens that were in stock for years are off by some steps. If the number is read as seconds, or not at all, their first codes are refused.",
		Steps: []string{
			"Import a PSKC file with a TimeDrift of 3.",
			"Enter the code that is 3 steps and the server's window ahead. It must be accepted.",
		},
	},
	{
		ID: "C63", Requirement: "unsupported elements of a file are refused, not ignored",
		Source: "RFC 6030 §4.3.4 and §5", Level: Must, Needs: []Verb{VerbImportFile}, run: c63,
		Why: "An element that is ignored at the import is missing at the check: the token shows other codes than the server expects, or it is used against its policy.",
		Steps: []string{
			"Import PSKC files with CheckDigits, a PINPolicy, a number of transactions, an unknown policy, another KeyUsage, a Time other than 0, hexadecimal codes, no secret, an unknown Suite, and another algorithm. Each must be refused. A PINPolicy, a number of transactions and a Time may also be enforced: the code alone must then be refused.",
			"None of their tokens may be in the server.",
			"Import each file without the element. A code of its token must be accepted.",
		},
	},
}

const whyPeriod = "Many importers use 30 s if a file has no time step. Every code of a 60-second token is then refused, and the token looks broken."

func c53(e *env) string {
	texts := e.judgeAll("pskc-dates-policy.xml", "pskc-dates-device.xml")
	return "in both orders: " + texts[0]
}

// c57 imports tokens as the other cases do, and in PSKC files if the target reads them.
func c57(e *env) string {
	text := e.importTwice("", e.target.Import)
	if e.has(VerbImportFile) && slices.Contains(e.target.Formats, "pskc") {
		text += "; " + e.importTwice("in a file, ", func(_ context.Context, t *Token) error {
			f := seedset.KindOf("pskc-plain.xml").Make(seedset.Source{Random: e.random, Token: func() (string, []byte) { return t.Serial, t.key }})
			return e.sendFile(&f, t)
		})
	}
	return text + "; the state is unchanged"
}

// importTwice imports tokens, and later their serial numbers again with the same seed and with
// another one. The state of the tokens must not change. Each is refused few codes, because some
// targets count all of them as wrong ones.
func (e *env) importTwice(how string, send func(context.Context, *Token) error) string {
	fresh := func() (t *Token, used string) {
		t = e.newToken()
		if err := e.tryWith(send, t); err != nil {
			e.fail(VerbImport, fmt.Errorf("%s%w", how, err))
		}
		used = e.good(t)
		e.accept(t, used, "%sa code", how)
		return t, used
	}
	again := func(t *Token, name string) string {
		before := e.status(t)
		err := e.unlimited(func() error { return send(e.ctx, t) })
		e.logf("%simport %s: %s", how, name, told(err))
		if errors.Is(err, ErrUnreachable) {
			e.fail(VerbImport, err)
		}
		after := e.status(t)
		if before.Failed != nil && after.Failed != nil {
			equal(e, *before.Failed, *after.Failed, "%swrong codes in a row, after importing %s", how, name)
		}
		if err == nil {
			return "accepted"
		}
		return "refused"
	}
	if t, used := fresh(); e.check(t, used).Verdict == Accepted {
		e.skipf("used codes are accepted anyway (C11)")
	}
	t, used := fresh()
	if e.lockoutOr(maxWrong) > 2 {
		e.refuse(t, e.wrongCodes(t, 1)[0], "%sa wrong code", how)
	}
	first := again(t, "token "+t.Serial+" again")
	e.refuse(t, used, "%sthe used code, after importing its token again", how)
	e.accept(t, e.good(t), "%sthe next code", how)
	second := ""
	for _, own := range []bool{true, false} {
		t, used := fresh()
		other := *t
		other.key = e.newToken().key
		other.Seed = seedOf(other.key)
		second = again(&other, "token "+t.Serial+" with another seed")
		if own {
			e.refuse(t, used, "%sthe used code, after importing its serial number with another seed", how)
		} else {
			e.refuse(t, other.hotp(e.stepOf(t)), "%sa code of the other seed", how)
		}
		e.accept(t, e.good(t), "%sthe next code", how)
	}
	return fmt.Sprintf("%simporting it again is %s, with another seed %s", how, first, second)
}

func c58(e *env) string {
	texts := e.judgeAll("oath-csv.csv", "oath-csv-no-period.csv", "oath-csv-30.csv")
	return fmt.Sprintf("60 s: %s; without: %s; 30 s: %s", texts[0], texts[1], texts[2])
}

func c59(e *env) string {
	e.judgeAll("pskc-wrong-mac.xml", "pskc-changed-seed.xml", "pskc-no-mac.xml")
	return "a wrong MAC, a changed seed and a missing MAC are refused; the unchanged files are imported"
}

func c60(e *env) string {
	e.judgeAll("pskc-wrong-key.xml", "pskc-wrong-password.xml", "pskc-no-key.xml")
	return "a wrong key, a wrong password and no key are refused; the right ones are accepted"
}

func c61(e *env) string {
	texts := e.judgeAll("pskc-plain.xml", "pskc-prefix.xml", "pskc-other-prefix.xml",
		"pskc-attributes.xml", "pskc-comments.xml", "pskc-lines.xml", "pskc-two-namespaces.xml")
	return fmt.Sprintf("%d spellings are imported, each with the codes of a token of 60 s", len(texts))
}

func c62(e *env) string { return e.judgeAll("pskc-drift.xml")[0] }

func c63(e *env) string {
	names := []string{
		"check-digits", "pin-policy", "transactions", "unknown-policy", "key-usage", "time", "hexadecimal", "no-secret", "suite", "ocra",
	}
	how := "refused"
	for _, name := range names {
		if text := e.judgeAll("pskc-" + name + ".xml")[0]; strings.HasPrefix(text, "imported") {
			how = "refused or enforced"
		}
	}
	return fmt.Sprintf("%d of %d are %s: %s", len(names), len(names), how, strings.Join(names, ", "))
}
