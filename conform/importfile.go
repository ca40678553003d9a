// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform/seedset"
	"github.com/d204ef64/fob/token"
)

// importTheme is the theme of [ImportCases].
const importTheme = "Seed files"

// ImportCases returns a case for each file of package seedset: the target must import it, or
// refuse it as a whole. They are not in [All].
func ImportCases() (cases []Case) {
	for _, k := range seedset.Kinds() {
		level := Should
		if k.Must {
			level = Must
		}
		cases = append(cases, Case{
			ID: k.ID, Requirement: k.Requirement, Source: k.Source, Level: level, Why: k.Why, Theme: importTheme,
			Steps: importSteps(&k), Needs: []Verb{VerbImportFile}, run: func(e *env) string { return e.judge(e.ownFile(k)) },
		})
	}
	return cases
}

// Known returns the cases of [All] and [ImportCases].
func Known() []Case { return append(All(), ImportCases()...) }

// importSteps describes a case in sentences.
func importSteps(k *seedset.Kind) []string {
	accepted := "Enter a wrong code and a correct one of its first token. Only the correct one must be accepted. The other tokens must be in the server too."
	refused := []string{
		"Its tokens must not be in the server, and their codes must be refused.",
		"Import the same tokens in a correct file. The current code must be accepted.",
	}
	first := "Import the file " + k.Name + " of fob conform import --out."
	switch k.Verdict {
	case seedset.Import:
		return []string{first + " It must be accepted.", accepted}
	case seedset.Refuse:
		if k.Enforced {
			return append([]string{first + " It must be refused, or enforced: if it is imported, the code alone must be refused."}, refused...)
		}
		return append([]string{first + " It must be refused."}, refused...)
	}
	return append([]string{first + " It may be accepted or refused.", "If it is accepted: " + accepted}, refused...)
}

// ownFile makes a file with the text that [seedset.Files] makes from the seed of the run.
func (e *env) ownFile(k seedset.Kind) seedset.File {
	return k.Make(seedset.Source{Random: e.random, Token: func() (string, []byte) {
		t := e.randomToken()
		return t.Serial, t.key
	}})
}

// judgeAll judges files of the set with new tokens, and returns the measurements.
func (e *env) judgeAll(names ...string) (texts []string) {
	for _, name := range names {
		texts = append(texts, e.judge(seedset.KindOf(name).Make(e.newTokens())))
	}
	return texts
}

// newTokens returns a source of tokens that are not in the target yet.
func (e *env) newTokens() seedset.Source {
	return seedset.Source{Random: e.random, Token: func() (string, []byte) {
		t := e.newToken()
		return t.Serial, t.key
	}}
}

// judge imports a file, and requires the target to treat it as its kind demands.
func (e *env) judge(f seedset.File) string {
	if !slices.Contains(e.target.Formats, f.Format) {
		e.skipf("needs %s with the format %s", VerbImportFile, f.Format)
	}
	if p := e.usualPeriod(); p != period {
		e.skipf("the target only supports tokens of %d s", p)
	}
	if e.has(VerbClock) {
		e.setClock(start)
	}
	e.settle()
	tokens, err := e.importFile(&f)
	switch {
	case err == nil && f.Enforced:
		return e.enforced(&f, tokens)
	case err == nil && f.Verdict == seedset.Refuse:
		e.failf("%s is imported, and must be refused%s", f.Name, e.used(tokens))
	case err == nil:
		text := e.imports(&f, tokens)
		e.others(&f, tokens)
		if f.Verdict == seedset.Import {
			e.run.imported.Store(f.Kind)
		}
		return text
	case !errors.Is(err, ErrRefused):
		e.fail(VerbImportFile, err)
	case f.Verdict == seedset.Import:
		e.stillImports(err)
		e.failf("%s is not imported: %v", f.Name, err)
	}
	e.absent(&f, tokens)
	right, err := e.importFile(f.Right)
	if err != nil {
		e.skipf("the target also refuses a correct file with these tokens, so it is not known why it refuses %s: %v", f.Name, err)
	}
	e.imports(f.Right, right)
	return "refused, and nothing of it imported; a correct file with its tokens is imported"
}

// stillImports ends the case if the target now refuses a file of a kind that it has imported
// before, for example because a session has expired. The file that failed is then not to blame.
func (e *env) stillImports(refusal error) {
	k := e.run.imported.Load()
	if k == nil {
		return
	}
	control := k.Make(e.newTokens())
	if _, err := e.importFile(&control); err != nil {
		e.skipf("the target now also refuses a file like %s, which it has imported before: %v", k.Name, err)
	}
	e.files = e.files[:len(e.files)-1] // people repeat the file that failed
}

// enforced requires a file with a restriction, which the target has imported, to have its
// effect: the code alone is refused.
func (e *env) enforced(f *seedset.File, tokens []*Token) string {
	t := tokens[0]
	e.refuse(t, e.good(t), "%s is imported, and must be refused or enforced: the code alone", f.Name)
	if !e.has(VerbStatus) {
		e.skipf("%s is imported, and the code of its token is refused: without status, it is not known whether the token is in the target", f.Name)
	}
	e.shown(f, &f.Tokens[0], t)
	return "imported, and the code alone is refused"
}

// others requires the tokens of a file after the first one, which no user has, to be in the
// target.
func (e *env) others(f *seedset.File, tokens []*Token) {
	unknown := false
	for i, t := range tokens[1:] {
		code := e.good(t)
		a, err := e.target.Check(e.ctx, Attempt{Token: t, User: t.User, Code: code})
		e.logf("check as %s, token %s, the current code: %s", t.User, t.Serial, a.Verdict)
		if errors.Is(err, ErrUnreachable) {
			e.fail(VerbCheck, err)
		}
		if err == nil && a.Verdict == Accepted {
			continue
		}
		if e.has(VerbAssign) {
			err := e.tryAssign(t, t.User)
			switch {
			case err == nil:
				e.accept(t, code, "%s: the current code of its token %d", f.Name, 2+i)
				continue
			case !errors.Is(err, ErrRefused):
				e.fail(VerbAssign, err)
			case e.tryAssign(tokens[0], t.User) == nil:
				e.failf("%s: its token %d cannot be assigned to a user, although the first one can: %v", f.Name, 2+i, err)
			}
		}
		unknown = unknown || !e.has(VerbStatus)
	}
	if unknown {
		e.skipf("%s: needs status, or users for its tokens by assign: only its first token was seen", f.Name)
	}
}

// importFile imports a file. Its first token is assigned to a user.
func (e *env) importFile(f *seedset.File) (tokens []*Token, err error) {
	for i := range f.Tokens {
		tokens = append(tokens, tokenOf(&f.Tokens[i]))
		e.secret.addSeed(f.Tokens[i].Key)
	}
	if f.Key != nil {
		e.secret.addSeed(f.Key)
	}
	e.secret.addCode(f.Password)
	e.files = append(e.files, f)
	e.makeRoom(len(tokens))
	err = e.unlimited(func() error { return e.sendFile(f, tokens[0]) })
	if err != nil && slices.ContainsFunc(tokens, func(t *Token) bool { return reveals(full(err), t.key) }) {
		e.failf("the answer to %s contains the seed of its token", f.Name)
	}
	e.logf("import the file %s: %s", f.Name, told(err))
	if err == nil {
		e.run.held.Add(int64(len(tokens)))
		e.tokens = append(e.tokens, tokens...)
	}
	return tokens, err
}

// filesByHand returns the commands that repeat a case with the file that failed.
func (e *env) filesByHand() []string {
	f := e.files[len(e.files)-1]
	const dir = "seed-files"
	todo := "import " + dir + "/" + f.Name
	for _, enter := range f.Enter() {
		todo += ", with " + enter
	}
	return []string{fmt.Sprintf("fob conform import --out %s --seed %d --only %s", dir, e.run.seed, f.ID), "# " + todo + ", and compare the result with " + dir + "/README.md"}
}

func (e *env) sendFile(f *seedset.File, first *Token) error {
	return e.target.ImportFile(e.ctx, &SeedFile{
		Token: first, Format: f.Format, Text: f.Text, Key: f.Key, Password: f.Password, Period: f.Period,
	})
}

// reveals reports whether a text contains a seed, perhaps in groups of characters.
func reveals(text string, key []byte) bool {
	plain := strings.NewReplacer("-", "", " ", "", ":", "", `\/`, "/", "%2f", "/", "%2b", "+", `\u002b`, "+", `\u002f`, "/").Replace(strings.ToLower(text))
	return slices.ContainsFunc(seedForms(key), func(form string) bool { return strings.Contains(plain, strings.ToLower(form)) })
}

func tokenOf(t *seedset.Token) *Token {
	return &Token{
		Serial: t.Serial, User: "u" + t.Serial, Seed: seedOf(t.Key), Digits: t.Digits, Period: t.Period, key: t.Key, alg: t.Algorithm, last: -1,
	}
}

// seedOf returns a seed, which may be too short for a server.
func seedOf(key []byte) token.Seed {
	seed, err := token.NewShortSeed(key)
	if err != nil {
		panic(err) // a mistake in a case
	}
	return seed
}

// used tells whether the target accepts a code of a file that it must refuse.
func (e *env) used(tokens []*Token) string {
	for _, t := range tokens {
		if a, err := e.target.Check(e.ctx, Attempt{Token: t, User: t.User, Code: e.code(t, 0)}); err == nil && a.Verdict == Accepted {
			return ", and the code of its token is accepted"
		}
	}
	return ""
}

// absent requires the tokens of a refused file not to be in the target. How it answers
// questions about unknown tokens does not matter.
func (e *env) absent(f *seedset.File, tokens []*Token) {
	for _, t := range tokens {
		if e.has(VerbStatus) {
			_, err := e.target.Status(e.ctx, t)
			e.logf("status of token %s: %s", t.Serial, told(err))
			switch {
			case err == nil:
				e.failf("%s is refused, but its token %s is in the target", f.Name, t.Serial)
			case errors.Is(err, ErrUnreachable):
				e.fail(VerbStatus, err)
			}
		}
		a, err := e.target.Check(e.ctx, Attempt{Token: t, User: t.User, Code: e.code(t, 0)})
		e.logf("check as %s, token %s, the code of step +0: %s", t.User, t.Serial, a.Verdict)
		switch {
		case errors.Is(err, ErrUnreachable):
			e.fail(VerbCheck, err)
		case err == nil && a.Verdict == Accepted:
			e.failf("%s is refused, but the code of its token is accepted", f.Name)
		}
	}
}

// imports requires the tokens of a file to be in the target, as the file describes them.
func (e *env) imports(f *seedset.File, tokens []*Token) string {
	var texts []string
	for i, t := range tokens {
		if text := e.shown(f, &f.Tokens[i], t); text != "" {
			texts = append(texts, text)
		}
	}
	t, want := tokens[0], &f.Tokens[0]
	if t.Period != e.period() {
		e.use(t.Period)
		defer e.use(0)
	}
	e.refuse(t, e.wrongCodes(t, 1)[0], "%s: a wrong code", f.Name)
	switch {
	case want.Drift != 0:
		ahead := want.Drift + e.windowOf().high
		e.accept(t, e.code(t, ahead), "%s: the code %d steps ahead, with TimeDrift %d and the window", f.Name, ahead, want.Drift)
		texts = append(texts, fmt.Sprintf("TimeDrift %d: the code %d steps ahead is accepted", want.Drift, ahead))
	case !want.Start.IsZero() || !want.Expiry.IsZero():
		texts = append(texts, e.valid(f, want, t, len(texts) > 0))
	default:
		e.accept(t, e.good(t), "%s: the current code", f.Name)
		texts = append(texts, "imported, and the current code is accepted")
	}
	return strings.Join(texts, "; ")
}

// shown requires the status of a token to be as the file describes it.
func (e *env) shown(f *seedset.File, want *seedset.Token, t *Token) string {
	if !e.has(VerbStatus) {
		return ""
	}
	st, err := e.target.Status(e.ctx, t)
	e.logf("status of token %s: %s", t.Serial, told(err))
	if err != nil {
		e.fail(VerbStatus, fmt.Errorf("%s, token %s: %w", f.Name, t.Serial, err))
	}
	if st.Drift != nil {
		equal(e, float64(want.Drift), *st.Drift, "%s: the stored offset in steps", f.Name)
	}
	if st.Expiry == nil || want.Expiry.IsZero() {
		return ""
	}
	if !isDate(*st.Expiry, want.Expiry) {
		e.failf("%s: the expiry date is %s, want %s", f.Name, *st.Expiry, want.Expiry.Format(time.DateOnly))
	}
	return "expiry " + want.Expiry.Format(time.DateOnly)
}

// isDate reports whether a server's text is a day, in any of the usual notations. The day is
// the same in Japan and in UTC.
func isDate(text string, at time.Time) bool {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	for _, layout := range []string{"20060102", "02012006", "01022006"} {
		if strings.HasPrefix(digits, at.Format(layout)) {
			return true
		}
	}
	return digits == fmt.Sprint(at.Unix())
}

// valid requires a token to be usable from its start to its expiry.
func (e *env) valid(f *seedset.File, want *seedset.Token, t *Token, shown bool) string {
	if !e.has(VerbClock) {
		if !shown {
			e.skipf("needs clock, or the expiry date in status")
		}
		now := time.Unix(e.time(), 0)
		if now.Before(want.Start) || !want.Expiry.IsZero() && now.After(want.Expiry) {
			e.refuse(t, e.code(t, 0), "%s: a code outside of the dates", f.Name)
			return "the current code, outside of the dates, is refused"
		}
		e.accept(t, e.good(t), "%s: the current code", f.Name)
		return "the current code is accepted"
	}
	if at := want.Start; !at.IsZero() {
		e.setClock(at.Unix() - 1)
		e.refuse(t, e.code(t, 0), "%s: a code a second before the start", f.Name)
		e.setClock(at.Unix())
		e.accept(t, e.code(t, 0), "%s: a code at the start", f.Name)
	}
	if at := want.Expiry; !at.IsZero() {
		e.setClock(at.Unix() - period)
		e.accept(t, e.code(t, 0), "%s: a code a minute before the expiry", f.Name)
		e.setClock(at.Unix() + 1)
		e.refuse(t, e.code(t, 0), "%s: a code after the expiry", f.Name)
	}
	return "codes are accepted from the start to the expiry"
}
