// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Piece is a piece of a text in a command of a shell.
type Piece struct {
	Text string
	// Shell is set if the text is an expression such as $CODE. Its value needs no escaping
	// in JSON, forms and the like.
	Shell bool
}

// ShellWord returns a text as one word of a shell.
func ShellWord(pieces ...Piece) string {
	word, literal := "", ""
	flush := func() {
		const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,%+@"
		switch {
		case literal == "":
		case strings.Trim(literal, safe) == "":
			word += literal
		default:
			word += "'" + strings.ReplaceAll(literal, "'", `'\''`) + "'"
		}
		literal = ""
	}
	for _, p := range pieces {
		if p.Shell {
			flush()
			word += `"` + p.Text + `"`
		} else {
			literal += p.Text
		}
	}
	if flush(); word == "" {
		return "''"
	}
	return word
}

// ByHand describes how people do the verbs of a target in a shell. The commands have no
// secrets: they read them from files.
type ByHand struct {
	// Begin and End are before and after all others. Begin makes the folder $DIR, which the
	// seeds are written to.
	Begin, End []string
	// Apart are before a check that runs beside others, each in a shell of its own.
	Apart []string
	// Do returns the commands of a verb. The values have the names user,
	// serial, seed_hex, seed_base32, digits, period, code, second, unix and time.
	Do func(v Verb, values map[string][]Piece) []string
}

// action is an action of a case.
type action struct {
	text func() string // only made for a report

	verb   Verb // "": the case has waited, or an action that has no commands
	token  *Token
	user   string
	codes  []string // of check; several are submitted at the same time
	second string
	step   int64 // of the token, at this time
	clock  time.Time
	wait   time.Duration
	steps  int64 // if wait is until the beginning of a step
	answer string
}

func (e *env) did(a *action) { e.log = append(e.log, a) }

const (
	// longScript is the number of lines from which only the commands about the last token
	// are shown.
	longScript = 40
	// many is the number of equal actions that become a loop.
	many = 3
	// farthest is the farthest step whose code is recognised in a correction.
	farthest = 12000
)

// byHand returns the commands that repeat the actions of a case, and how many of them are
// for the beginning and the end of a shell.
func (e *env) byHand(log []*action) (lines []string, begin, end int) {
	if len(e.files) > 0 {
		return e.filesByHand(), 0, 0
	}
	done := func(a *action) bool { return a.verb != "" && a.verb != VerbClock }
	if e.target.ByHand == nil || !slices.ContainsFunc(log, done) {
		return nil, 0, 0
	}
	s := e.script(log)
	if len(s.lines) > longScript {
		s = e.script(ofLastToken(log))
	}
	hand := e.target.ByHand
	return slices.Concat(hand.Begin, s.functions, s.lines, hand.End), len(hand.Begin) + len(s.functions), len(hand.End)
}

// ofLastToken returns the actions about the token of the last attempt, and those about no
// token.
func ofLastToken(log []*action) []*action {
	var last *Token
	for _, a := range log {
		if len(a.codes) > 0 {
			last = a.token
		}
	}
	return slices.DeleteFunc(slices.Clone(log), func(a *action) bool {
		return last != nil && a.token != last && (a.token != nil || a.verb == "" && a.wait == 0)
	})
}

// script is a script for a shell that is being written.
type script struct {
	hand      *ByHand
	functions []string // each does a verb
	has       map[Verb]bool
	lines     []string
	tokens    []*Token
	codes     []shown // each in a variable
	clock     bool    // the target's clock is moved
	period    int64   // of the longest steps
	redact    func(string) string
	wrong     []string // wrong codes that have been replaced by others
}

// shown is the code of a step, and the variable that has it.
type shown struct {
	token    *Token
	step     int64
	period   int64
	variable string
}

func (e *env) script(log []*action) *script {
	s := &script{hand: e.target.ByHand, has: map[Verb]bool{}, clock: e.has(VerbClock), period: max(e.usualPeriod(), e.other), redact: e.redact}
	begun := false
	for i := 0; i < len(log); {
		a := log[i]
		if s.clock && a.verb == VerbClock && i+1 < len(log) && log[i+1].verb == VerbClock {
			i++
			continue
		}
		if !s.clock && !begun && len(a.codes) > 0 {
			begun = true
			s.add("sleep $((%d - $(date +%%s) %% %d)) # begin with a step", s.period+1, s.period)
		}
		i += s.action(log[i:])
	}
	return s
}

func (s *script) add(format string, args ...any) {
	s.lines = append(s.lines, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "))
}

// function defines the function that does a verb, and returns its name, or "" if the
// target cannot do it in a shell.
func (s *script) function(v Verb) string {
	name := string(v)
	if v == VerbImport || v == VerbAssign || v == VerbRemove {
		name += "_token"
	}
	if s.has[v] {
		return name
	}
	shell := func(text string) []Piece { return []Piece{{Text: text, Shell: true}} }
	values := map[string][]Piece{
		"user": shell("$1"), "serial": shell("$2"), "code": shell("$3"), "second": shell("$4"),
		"seed_hex":    shell(`$(cat "$DIR"/$2.seed)`),
		"seed_base32": shell(`$(tr a-f A-F < "$DIR"/$2.seed | basenc -d --base16 | basenc --base32 | tr -d =)`),
		"period":      shell("${3:-60}"), "digits": {{Text: "6"}},
		"unix": shell("$1"), "time": shell("$(date -u -d @$1 +%FT%TZ)"),
	}
	body := s.hand.Do(v, values)
	if len(body) == 0 {
		return ""
	}
	s.has[v] = true
	s.functions = append(s.functions, name+"() {")
	for _, line := range body {
		s.functions = append(s.functions, "  "+line)
	}
	s.functions = append(s.functions, "}")
	return name
}

// action adds the commands of an action, and returns how many actions they repeat.
func (s *script) action(log []*action) int {
	a := log[0]
	switch {
	case a.steps > 0:
		s.add("sleep $((%d - $(date +%%s) %% %d)) # until the beginning of a step", a.steps*s.period+1, s.period)
		return 1
	case a.wait > 0:
		s.add("sleep %d", int64((a.wait+time.Second-1)/time.Second))
		return 1
	}
	name := ""
	if a.verb != "" {
		name = s.function(a.verb)
	}
	if name == "" || slices.ContainsFunc(append(a.codes, a.second), unprintable) {
		s.add("# %s", s.redact(a.text()))
		return 1
	}
	if a.token == nil {
		if !a.clock.IsZero() {
			name += fmt.Sprint(" ", a.clock.Unix())
		}
		s.add("%s", name)
		return 1
	}
	number := s.token(a.token)
	command := fmt.Sprintf("%s %s $TOKEN%d", name, ShellWord(s.user(a.token, a.user)...), number)
	if len(a.codes) > 0 {
		return s.attempt(command, log)
	}
	if a.verb == VerbImport && a.token.Period != period {
		command += fmt.Sprint(" ", a.token.Period)
	}
	s.add("%s", command)
	return 1
}

func unprintable(entry string) bool {
	return strings.ContainsFunc(entry, func(r rune) bool { return r < ' ' })
}

// attempt adds a command about one or several codes, and returns how many actions it
// repeats.
func (s *script) attempt(command string, log []*action) int {
	a := log[0]
	if n := len(a.codes); n > 1 {
		loop, code := fmt.Sprintf("for I in $(seq %d)", n), ""
		if slices.ContainsFunc(a.codes, func(c string) bool { return c != a.codes[0] }) {
			loop, code = fmt.Sprintf("for WRONG in $(seq 314001 %d)", 314000+n), "$WRONG"
		} else {
			code, _ = s.entry(a, a.codes[0])
		}
		command = strings.Join(append(slices.Clone(s.hand.Apart), command+" "+code), "; ")
		s.add("(%s; do (%s) & done; wait) # %s", loop, command, s.redact(a.answer))
		return 1
	}
	same, wrong := 1, 0
	for same < len(log) && log[same].like(a) && log[same].codes[0] == a.codes[0] {
		same++
	}
	code, known := s.entry(a, a.codes[0])
	for !known && a.second == "" && wrong < len(log) && log[wrong].like(a) && isWrong(log[wrong]) {
		wrong++
	}
	if wrong >= many && same < wrong {
		s.add("for WRONG in $(seq 314001 %d); do %s $WRONG; done # wrong codes: %s", 314000+wrong, command, s.redact(a.answer))
		return wrong
	}
	if a.second != "" {
		second, _ := s.entry(a, a.second)
		s.add("%s %s %s # %s", command, code, second, s.redact(a.answer))
		return 1
	}
	if same >= many {
		s.add("for I in $(seq %d); do %s %s; done # %s", same, command, code, s.redact(a.answer))
		return same
	}
	s.add("%s %s # %s", command, code, s.redact(a.answer))
	return 1
}

// like reports whether two actions only differ in their codes.
func (a *action) like(b *action) bool {
	return a.verb == b.verb && a.token == b.token && a.user == b.user && len(a.codes) == 1 && a.second == "" && b.second == "" && a.answer == b.answer
}

// isWrong reports whether an entry is a code that its token does not show.
func isWrong(a *action) bool {
	_, shown := a.findCode(a.codes[0])
	return !shown && len(a.codes[0]) == int(a.token.Digits) && digitsOf(a.codes[0]) == a.codes[0]
}

// token returns the number of a token. Its serial number by hand is new in each run of
// the commands, and so is its seed, unless it is a special one.
func (s *script) token(t *Token) int {
	if n := slices.Index(s.tokens, t); n >= 0 {
		return n + 1
	}
	s.tokens = append(s.tokens, t)
	n := len(s.tokens)
	name := fmt.Sprint("TOKEN", n)
	if n == 1 {
		s.add("RUN=$(openssl rand -hex 10 | tr a-f 0-5 | cut -c-10)")
	}
	s.add("%s=${RUN}%02d", name, n%100)
	twin := slices.IndexFunc(s.tokens[:n-1], func(o *Token) bool { return slices.Equal(o.key, t.key) })
	switch {
	case string(t.key) == rfcSeed:
		s.add(`printf %%s %s | od -An -tx1 | tr -d ' \n' > "$DIR"/$%s.seed`, rfcSeed, name)
	case twin >= 0:
		s.add(`cp "$DIR"/$TOKEN%d.seed "$DIR"/$%s.seed`, twin+1, name)
	default:
		s.add(`openssl rand -hex %d > "$DIR"/$%s.seed`, len(t.key), name)
	}
	if t.special != "" {
		s.add("# Repeat the line above until the token has %s.", t.special)
	}
	return n
}

// user returns the name of a user. Names of the suite have the serial number of a token.
func (s *script) user(t *Token, name string) []Piece {
	before, after, with := strings.Cut(name, t.Serial)
	if !with {
		return []Piece{{Text: name}}
	}
	return []Piece{{Text: before}, {Text: fmt.Sprintf("$TOKEN%d", slices.Index(s.tokens, t)+1), Shell: true}, {Text: after}}
}

// entry returns an entry as a word, and whether it has a code that its token shows.
func (s *script) entry(a *action, entry string) (string, bool) {
	digits := digitsOf(entry)
	for at := 0; at+int(a.token.Digits) <= len(digits); at++ {
		code := digits[at : at+int(a.token.Digits)]
		if step, is := a.findCode(code); is {
			return ShellWord(spelled(entry, code, s.code(a, step, a.token.Period))...), true
		}
		for _, step := range []int64{2 * a.step, 2*a.step + 1} { // with half the period
			if a.token.hotp(step) == code {
				return ShellWord(spelled(entry, code, s.code(a, step, a.token.Period/2))...), true
			}
		}
	}
	if entry == digits && len(digits) == int(a.token.Digits) { // a wrong code
		at := slices.Index(s.wrong, entry)
		if at < 0 {
			at = len(s.wrong)
			s.wrong = append(s.wrong, entry)
		}
		return fmt.Sprint(314001 + at), false
	}
	return ShellWord(Piece{Text: entry}), false
}

// code returns the variable that has the code of a step, and adds the command that
// computes it if it is new.
func (s *script) code(a *action, step, interval int64) string {
	for _, c := range s.codes {
		if c.token == a.token && c.step == step && c.period == interval {
			return c.variable
		}
	}
	variable := "CODE"
	if n := len(s.codes); n > 0 {
		variable = fmt.Sprint("CODE", n+1)
	}
	s.codes = append(s.codes, shown{a.token, step, interval, variable})
	at, t := "", a.token
	switch n := step - a.step*t.Period/interval; {
	case s.clock:
		at = fmt.Sprintf(" --at @%d", step*interval)
	case n != 0 && interval == t.Period:
		at = fmt.Sprintf(" --at @$(($(date +%%s) %+d))", n*interval)
	}
	if interval != period {
		at += fmt.Sprintf(" --step %ds", interval)
	}
	if len(t.key) < 16 {
		at += " --allow-short-seeds"
	}
	s.add(`%s=$(fob code --seed-file "$DIR"/$TOKEN%d.seed%s)`, variable, slices.Index(s.tokens, t)+1, at)
	return variable
}

// findCode returns the step near an attempt in which its token shows a code.
func (a *action) findCode(code string) (int64, bool) {
	reach := int64(near)
	if a.second != "" {
		reach = farthest
	}
	for n := range reach {
		for _, step := range []int64{a.step - n, a.step + n} {
			if step >= 0 && a.token.hotp(step) == code {
				return step, true
			}
		}
	}
	return 0, false
}

// digitsOf returns the digits of an entry in any script as ASCII digits.
func digitsOf(entry string) string {
	return strings.Map(func(r rune) rune {
		for _, zero := range []rune{'0', '０', '٠'} {
			if r >= zero && r <= zero+9 {
				return r - zero + '0'
			}
		}
		return -1
	}, entry)
}

// spelled writes an entry with a variable in place of the code in it.
func spelled(entry, code, variable string) []Piece {
	if before, after, whole := strings.Cut(entry, code); whole {
		return []Piece{{Text: before}, {Text: "${" + variable + "}", Shell: true}, {Text: after}}
	}
	for at := 1; at < len(code); at++ { // in two parts
		first, rest, in := strings.Cut(entry, code[:at])
		middle, after, also := strings.Cut(rest, code[at:])
		if in && also && digitsOf(middle) == "" {
			return []Piece{
				{Text: first},
				{Text: "${" + variable + "%" + strings.Repeat("?", len(code)-at) + "}", Shell: true},
				{Text: middle},
				{Text: "${" + variable + "#" + strings.Repeat("?", at) + "}", Shell: true},
				{Text: after},
			}
		}
	}
	digits := "０１２３４５６７８９" // the other characters of the entry are dropped
	if strings.ContainsAny(entry, "٠١٢٣٤٥٦٧٨٩") {
		digits = "٠١٢٣٤٥٦٧٨٩"
	}
	return []Piece{{Text: "$(printf %s $" + variable + " | sed y/0123456789/" + digits + "/)", Shell: true}}
}
