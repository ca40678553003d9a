// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// hand writes the steps of a file as commands for a shell. The folder $DIR has the files of
// a run, and $OWN the cookies and the answer of a session.
type hand struct {
	file     *File
	session  bool     // the requests share cookies
	programs []string // variables with the numbers of the processes that setup starts
}

// pieces are the values of placeholders.
type pieces map[string][]conform.Piece

// byHand returns the commands of a target for people.
func (f *File) byHand() *conform.ByHand {
	h := &hand{file: f}
	own := h.needsSession()
	begin := []string{"umask 077", "DIR=$(mktemp -d)", `trap 'rm -rf "$DIR"' EXIT`}
	if own {
		begin = append(begin, "OWN=$DIR")
	}
	if f.uses("random") {
		begin = append(begin, `openssl rand -hex 16 > "$DIR"/random`)
	}
	if f.uses("port") {
		begin = append(begin, "PORT=18080 # a free port")
	}
	saved := pieces{}
	var again []string // starts the programs again
	for i := range f.Setup {
		s := &f.Setup[i]
		switch {
		case s.Start != nil:
			h.programs = append(h.programs, fmt.Sprint("PROGRAM", len(h.programs)+1))
			lines := h.start(s.Start, saved)
			begin, again = append(begin, lines...), append(again, lines...)
		case s.HTTP != nil || len(s.Save) == 0: // others find out the version
			begin = append(begin, h.step(&s.Step, saved)...)
		}
	}
	verbs := f.verbs()
	hand := &conform.ByHand{Begin: begin, Do: func(name conform.Verb, values map[string][]conform.Piece) (lines []string) {
		v := verbs[name]
		if v == nil {
			return nil
		}
		all := maps.Clone(saved)
		maps.Copy(all, values)
		if v.Fresh && own {
			lines = append(lines, newOwn)
		}
		for _, s := range v.Before {
			lines = append(lines, h.step(&s, all)...)
		}
		if v.Again {
			lines = append(append(lines, h.stop()...), again...)
		} else {
			lines = append(lines, h.step(&v.Step, all)...)
		}
		if name == conform.VerbRestart && !v.Again && f.URL != "" {
			lines = append(lines, "until curl -s -o /dev/null "+conform.ShellWord(h.fill(f.URL, all, reqtemplate.Plain)...)+"; do sleep 1; done")
		}
		for _, s := range v.After {
			lines = append(lines, h.step(&s, all)...)
		}
		if v.Fresh && own {
			lines = append(lines, "OWN=$DIR")
		}
		return lines
	}}
	hand.End = h.stop()
	if own && !f.Check.Fresh {
		hand.Apart = []string{newOwn, `cp "$DIR"/cookies "$OWN" 2> /dev/null`}
		if !h.session {
			hand.Apart = hand.Apart[:1]
		}
	}
	return hand
}

// newOwn begins a session.
const newOwn = `OWN=$(mktemp -d "$DIR"/XXXXXX)`

// needsSession reports whether the steps have a session, and sets whether it has cookies.
func (h *hand) needsSession() (own bool) {
	for _, s := range h.file.Setup {
		h.session = h.session || s.HTTP != nil
		own = own || len(s.Save) > 0
	}
	for _, v := range h.file.verbs() {
		if v == nil {
			continue
		}
		requests := 0
		for _, s := range v.steps() {
			if own = own || len(s.Save) > 0; s.HTTP != nil {
				requests++
			}
		}
		h.session = h.session || requests > 1 || v.Fresh && requests > 0
	}
	return own || h.session
}

// stop returns the commands that end the programs, the newest first.
func (h *hand) stop() (lines []string) {
	for _, p := range slices.Backward(h.programs) {
		lines = append(lines, fmt.Sprintf("kill $%s; wait $%s 2> /dev/null; %s=", p, p, p))
	}
	return lines
}

// steps returns all steps of a verb in order.
func (v *Verb) steps() (all []*Step) {
	for i := range v.Before {
		all = append(all, &v.Before[i])
	}
	if all = append(all, &v.Step); v.Again {
		all = all[:len(all)-1]
	}
	for i := range v.After {
		all = append(all, &v.After[i])
	}
	return all
}

// start returns the commands that start the newest of the programs, and wait until it is
// ready. The programs end with the shell, which Ctrl-C ends if it is a script's.
func (h *hand) start(p *Program, v pieces) []string {
	variable := h.programs[len(h.programs)-1]
	log := `"$DIR"/` + variable + ".log"
	lines := []string{fmt.Sprintf("%s > %s 2>&1 & %s=$!", h.command(&p.Command, v), log, variable)}
	if len(h.programs) == 1 {
		lines = append(lines, "case $- in *i*) ;; *) trap 'exit 1' HUP INT TERM ;; esac")
	}
	lines = append(lines, "trap 'for P in $"+strings.Join(h.programs, " $")+`; do kill $P; done; rm -rf "$DIR"' EXIT`)
	until := func(ready string) []string {
		return append(lines, fmt.Sprintf("until %s; do kill -0 $%s || break; sleep 1; done", ready, variable))
	}
	switch {
	case p.Ready.HTTP != "":
		return until("curl -s -o /dev/null " + conform.ShellWord(h.fill(p.Ready.HTTP, v, reqtemplate.Plain)...))
	case p.Ready.Line != "":
		return until("grep -qE " + conform.ShellWord(h.fill(p.Ready.Line, v, reqtemplate.Plain)...) + " " + log)
	}
	return append(lines, "sleep 10 # until the program is ready")
}

// step returns the commands of a step, and adds the values that it saves.
func (h *hand) step(s *Step, v pieces) []string {
	text := ""
	switch {
	case s.HTTP != nil:
		text = h.request(s.HTTP, v, len(s.Save) > 0)
	case s.Command != nil:
		text = h.command(s.Command, v)
	case s.PAM != nil:
		return h.logIn(s.PAM, v)
	case s.Radius != nil:
		text = h.packet(s.Radius, v)
	case s.File != nil && s.File.Remove:
		text = "rm -f " + conform.ShellWord(h.fill(s.File.Path, v, reqtemplate.Plain)...)
	case s.File != nil && s.File.From != "":
		text = "cp " + conform.ShellWord(conform.Piece{Text: s.File.From}) + " " + conform.ShellWord(h.fill(s.File.Path, v, reqtemplate.Plain)...)
	case s.File != nil:
		text = printed(h.fill(s.File.Text, v, reqtemplate.Plain)) + " > " + conform.ShellWord(h.fill(s.File.Path, v, reqtemplate.Plain)...)
	default:
		return []string{"# this step has no commands for a shell"}
	}
	if len(s.Save) == 0 {
		return []string{text}
	}
	const answer = `"$OWN"/answer`
	lines := []string{text + " > " + answer}
	for _, name := range slices.Sorted(maps.Keys(s.Save)) {
		r := s.Save[name]
		lines = append(lines, name+"=$("+r.byHand(answer, s.HTTP != nil)+")")
		v[name] = []conform.Piece{{Text: "$" + name, Shell: true}}
	}
	return lines
}

// byHand returns the command that prints a value of an answer, which has headers or not.
func (r *Read) byHand(answer string, headers bool) string {
	body := "cat " + answer + " | "
	if headers {
		body = "sed '1,/^\\r*$/d' " + answer + " | "
	}
	switch {
	case r.JSON != "":
		path := "."
		for _, name := range strings.Split(r.JSON, "/")[1:] {
			name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
			if _, err := strconv.Atoi(name); err == nil { // an array's index
				path += "[" + name + "]"
			} else {
				path += fmt.Sprintf("[%q]", name)
			}
		}
		return body + "jq -r " + conform.ShellWord(conform.Piece{Text: path})
	case r.Header != "":
		return "tr -d '\\r' < " + answer + " | sed -n " + conform.ShellWord(conform.Piece{Text: "s/^" + r.Header + ": //Ip"})
	}
	if r.Cookie != "" {
		return "tr -d '\\r' < " + answer + " | sed -n " + conform.ShellWord(conform.Piece{Text: "s/^Set-Cookie: " + r.Cookie + `=\([^;]*\).*/\1/Ip`})
	}
	return body + "perl -0ne " + conform.ShellWord(conform.Piece{Text: "print $1 if m/" + strings.NewReplacer("/", `\/`, "@", `\@`).Replace(r.Body) + "/"})
}

// request returns the curl command of a request. Its secrets are on standard input,
// because all users of the machine can read arguments. The answer is kept with its
// headers, or printed with its status.
func (h *hand) request(r *Request, v pieces, keep bool) string {
	address := r.Path
	if !whole(address) {
		address = strings.TrimSuffix(h.file.URL, "/") + "/" + strings.TrimPrefix(r.Path, "/")
	}
	before, query, any := strings.Cut(address, "?")
	where := h.fill(before, v, url.PathEscape)
	if any {
		where = append(append(where, conform.Piece{Text: "?"}), h.fill(query, v, url.QueryEscape)...)
	}
	var options []option
	if secret(where) {
		options = append(options, option{"url", where})
	}
	headers, basic := h.file.headers(r)
	if basic != nil {
		options = append(options, option{"user", h.fill(basic.User+":"+basic.Password, v, reqtemplate.Plain)})
	}
	if r.Body != "" && headers.Get("Content-Type") == "" {
		headers.Set("Content-Type", "application/json")
	}
	method := map[bool]string{true: http.MethodGet, false: http.MethodPost}[r.Body == "" && len(r.Form) == 0 && len(r.Upload) == 0]
	if r.Method != "" && r.Method != method {
		options = append(options, option{"request", []conform.Piece{{Text: r.Method}}})
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		options = append(options, option{"header", append([]conform.Piece{{Text: name + ": "}}, h.fill(headers.Get(name), v, reqtemplate.Plain)...)})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Form)) {
		options = append(options, option{"data-urlencode", append([]conform.Piece{{Text: name + "="}}, h.fill(r.Form[name], v, reqtemplate.Plain)...)})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Upload)) {
		field, file := strings.CutSuffix(name, "@")
		value := append([]conform.Piece{{Text: field + "="}}, h.fill(r.Upload[name], v, reqtemplate.Plain)...)
		if file {
			value = append(value, conform.Piece{Text: ";filename=" + field})
		}
		options = append(options, option{"form", value})
	}
	if r.Body != "" {
		options = append(options, option{"data-raw", h.fill(r.Body, v, reqtemplate.EscapeFor(headers.Get("Content-Type")))})
	}
	text := "curl -sS"
	if keep {
		text += "i"
	} else {
		text += ` -w '\n%{http_code}\n'`
	}
	if h.session {
		text += ` -b "$OWN"/cookies -c "$OWN"/cookies`
	}
	input := ""
	for _, o := range options {
		if secret(o.value) || strings.Contains(conform.ShellWord(o.value...), "\n") {
			input += " " + conform.ShellWord(o.config()...)
		} else {
			flag := map[string]string{"request": "-X", "header": "-H"}[o.name]
			if flag == "" {
				flag = "--" + o.name
			}
			text += " " + flag + " " + conform.ShellWord(o.value...)
		}
	}
	if input != "" {
		text = `printf '%s\n'` + input + " | " + text + " -K -"
	}
	if secret(where) {
		return text
	}
	return text + " " + conform.ShellWord(where...)
}

// option is an option of curl.
type option struct {
	name  string
	value []conform.Piece
}

// config returns the option as a line of curl's configuration file.
func (o option) config() []conform.Piece {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	line := []conform.Piece{{Text: o.name + ` = "`}}
	for _, p := range o.value {
		if !p.Shell {
			p.Text = escape.Replace(p.Text)
		}
		line = append(line, p)
	}
	return append(line, conform.Piece{Text: `"`})
}

// command returns a program with its arguments.
func (h *hand) command(c *Command, v pieces) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		words = append(words, name+"="+conform.ShellWord(h.fill(c.Env[name], v, reqtemplate.Plain)...))
	}
	if c.Dir != "" {
		words = append(words, "exec")
	}
	for _, a := range c.Argv {
		words = append(words, conform.ShellWord(h.fill(a, v, reqtemplate.Plain)...))
	}
	text := strings.Join(words, " ")
	if c.Dir != "" {
		text = "(cd " + conform.ShellWord(h.fill(c.Dir, v, reqtemplate.Plain)...) + " && " + text + ")"
	}
	if c.Stdin != "" {
		text = printed(h.fill(c.Stdin, v, reqtemplate.Plain)) + " | " + text
	}
	return text
}

// logIn returns the commands of a login through PAM.
func (h *hand) logIn(p *PAM, v pieces) (lines []string) {
	c := &Command{
		Argv:  []string{"pamtester", p.Service, p.User, "authenticate", "acct_mgmt"},
		Stdin: strings.Join(p.Entries, "\n") + "\n",
	}
	if p.Rules != "" {
		c.Argv[1] = privateService
		c.Env = map[string]string{"LD_PRELOAD": "libpam_wrapper.so", "PAM_WRAPPER": "1", "PAM_WRAPPER_SERVICE_DIR": "{{dir}}/services"}
		lines = []string{
			`mkdir -p "$DIR"/services`,
			printed(h.fill(p.Rules, v, reqtemplate.Plain)) + ` > "$DIR"/services/` + privateService,
			`printf '%s\n' 'auth required pam_deny.so' 'account required pam_deny.so' > "$DIR"/services/other`,
		}
	}
	return append(lines, h.command(c, v))
}

// packet returns the command that sends an Access-Request. It reads the shared secret from
// its file.
func (h *hand) packet(r *Radius, v pieces) string {
	lines := []conform.Piece{{Text: "Message-Authenticator = 0x00"}}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		lines = append(lines, conform.Piece{Text: "\n" + name + ` = "`})
		lines = append(append(lines, h.fill(r.Attributes[name], v, quote)...), conform.Piece{Text: `"`})
	}
	file := conform.Piece{Text: `$DIR/random`, Shell: true}
	for _, name := range reqtemplate.Names(r.Secret) {
		if name != "random" {
			file = conform.Piece{Text: h.file.Secrets[name]}
		}
	}
	return printed(append(lines, conform.Piece{Text: "\n"})) + " | radclient -x -S " + conform.ShellWord(file) + " " +
		conform.ShellWord(h.fill(r.Address, v, reqtemplate.Plain)...) + " auth"
}

// fill replaces the placeholders of a text by pieces.
func (h *hand) fill(text string, v pieces, escape func(string) string) (all []conform.Piece) {
	for _, name := range reqtemplate.Names(text) {
		before, after, _ := strings.Cut(text, "{{"+name+"}}")
		all, text = append(all, conform.Piece{Text: before}), after
		file, isSecret := h.file.Secrets[name]
		value, known := v[name]
		switch {
		case isSecret:
			all = append(all, conform.Piece{Text: "$(cat " + conform.ShellWord(conform.Piece{Text: file}) + ")", Shell: true})
		case known:
			for _, p := range value {
				if !p.Shell {
					p.Text = escape(p.Text)
				}
				all = append(all, p)
			}
		case name == "dir":
			all = append(all, conform.Piece{Text: "$DIR", Shell: true})
		case name == "random":
			all = append(all, conform.Piece{Text: `$(cat "$DIR"/random)`, Shell: true})
		case name == "me":
			all = append(all, conform.Piece{Text: "$(id -un)", Shell: true})
		default:
			all = append(all, conform.Piece{Text: "$" + strings.ToUpper(name), Shell: true})
		}
	}
	return append(all, conform.Piece{Text: text})
}

// secret reports whether a text has a seed, a value that a step saves, or another secret. Codes
// are not secret: they are valid for a minute, and once.
func secret(text []conform.Piece) bool {
	return slices.ContainsFunc(text, func(p conform.Piece) bool { return p.Shell && notPublic.MatchString(p.Text) })
}

// notPublic matches the output of a command and a saved value, which has a name in lower case.
var notPublic = regexp.MustCompile(`^\$[(a-z]`)

// printed returns the command that prints a text. A command is one line.
func printed(text []conform.Piece) string {
	lines := [][]conform.Piece{nil}
	for _, p := range text {
		for i, part := range strings.Split(p.Text, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], conform.Piece{Text: part, Shell: p.Shell})
		}
	}
	last := conform.ShellWord(lines[len(lines)-1]...)
	if len(lines) == 1 {
		return "printf %s " + last
	}
	whole := `printf '%s\n'`
	for _, l := range lines[:len(lines)-1] {
		whole += " " + conform.ShellWord(l...)
	}
	if last != "''" {
		whole = "{ " + whole + "; printf %s " + last + "; }"
	}
	return whole
}
