// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/seedset"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// prepare checks the file and compiles its expressions.
func (f *File) prepare() error {
	if f.Name == "" {
		return errors.New("name is missing")
	}
	if f.Import == nil || f.Check == nil {
		return errors.New("import and check are required")
	}
	if err := reqtemplate.CheckNames([]string{"port"}, f.URL); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if err := f.checkURL(f.URL); f.URL != "" && err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if text := f.Declares.DriftInterval; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("declares: drift_interval %q: want a duration such as 360h", text)
		}
		f.drift = &d
	}
	if text := f.Declares.ReactivateAfter; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("declares: reactivate_after %q: want a duration such as 30m", text)
		}
		f.wait = &d
	}
	if err := f.prepareNeeds(); err != nil {
		return err
	}
	for name, path := range f.Secrets {
		if err := ownName(name); err != nil {
			return fmt.Errorf("secrets: %w", err)
		}
		if f.options.Secret == nil {
			return fmt.Errorf("secrets: %s: secrets cannot be read here", name)
		}
		text, err := f.options.Secret(path)
		if err != nil {
			return fmt.Errorf("secrets: %s: %w", name, err)
		}
		f.secrets[name] = strings.TrimSpace(string(text))
		if f.secrets[name] == "" || strings.ContainsAny(f.secrets[name], "\r\n") {
			return fmt.Errorf("secrets: %s: %s: want one line", name, path)
		}
	}
	known := slices.Concat(placeholders, slices.Collect(maps.Keys(f.Secrets)))
	for i := range f.Setup {
		if err := f.prepareSetup(&f.Setup[i], &known); err != nil {
			return fmt.Errorf("setup: step %d: %w", i+1, err)
		}
	}
	for _, name := range reqtemplate.Names(f.Version) {
		if _, secret := f.Secrets[name]; secret || !slices.Contains(known, name) || slices.Contains(placeholders, name) {
			return fmt.Errorf("version: {{%s}}: want a value that setup saves", name)
		}
	}
	if err := reqtemplate.CheckHeaders(f.Headers, f.secrets); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if err := f.prepareBasic(f.Basic, f.Headers, known); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(f.verbs())) {
		if v := f.verbs()[name]; v != nil {
			if err := f.prepareVerb(name, v, slices.Concat(known, verbPlaceholders[name])); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (f *File) prepareVerb(name conform.Verb, v *Verb, known []string) error {
	for i := range v.Before {
		if err := f.prepareStep(&v.Before[i], &known); err != nil {
			return fmt.Errorf("before: step %d: %w", i+1, err)
		}
	}
	switch {
	case v.Again && name != conform.VerbRestart:
		return errors.New("start_again: only in restart")
	case v.Again && v.kinds() > 0:
		return errors.New("start_again excludes http, command and file")
	case v.Again && !slices.ContainsFunc(f.Setup, func(s SetupStep) bool { return s.Start != nil }):
		return errors.New("start_again: setup starts no program")
	case !v.Again:
		if err := f.prepareStep(&v.Step, &known); err != nil {
			return err
		}
	}
	for i := range v.After {
		if err := f.prepareStep(&v.After[i], &known); err != nil {
			return fmt.Errorf("after: step %d: %w", i+1, err)
		}
	}
	if name == conform.VerbRestart {
		for _, s := range v.steps() {
			s.takeTime()
		}
	}
	v.addDefaults()
	for field, m := range map[string]*Match{
		"accepted": &v.Accepted, "refused": &v.Refused, "next_code": &v.NextCode, "limited": &v.Limited, "locked": &v.Locked, "paper": &v.Paper,
	} {
		if err := m.prepare(); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	for field, r := range map[string]*Read{"failed": &v.Failed, "drift": &v.Drift, "expiry": &v.Expiry, "fee": &v.Fee} {
		if err := r.prepare(); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	text := strings.Join(v.texts(), "\n")
	for _, format := range v.Formats {
		if !slices.Contains(seedset.Formats(), format) {
			return fmt.Errorf("formats: %q: want some of %s", format, strings.Join(seedset.Formats(), ", "))
		}
	}
	if err := v.prepareCount(known); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	for _, p := range needed[name] {
		if !strings.Contains(text, "{{"+p+"}}") {
			return fmt.Errorf("{{%s}} is missing", p)
		}
	}
	if slices.Contains(judging, name) && (v.Accepted.empty() || v.Refused.empty()) {
		return errors.New("accepted and refused are required: an answer that fits neither is an error")
	}
	switch {
	case v.Formats != nil && name != conform.VerbImportFile:
		return errors.New("formats: only in import_file")
	case name == conform.VerbNotices && v.Count == "":
		return errors.New("count is missing")
	case name == conform.VerbOrder && v.Fee.empty():
		return errors.New("fee is missing")
	}
	return nil
}

// judging are the verbs whose answers are verdicts about codes.
var judging = []conform.Verb{
	conform.VerbCheck, conform.VerbCheckOther, conform.VerbResync,
	conform.VerbActivate, conform.VerbOperate, conform.VerbUnlockAs, conform.VerbRevokeAs,
}

// needed are the placeholders without which a verb makes no sense.
var needed = map[conform.Verb][]string{
	conform.VerbCheck: {"code"}, conform.VerbCheckOther: {"code"}, conform.VerbResync: {"code", "second"},
	conform.VerbImportFile: {"file_text"}, conform.VerbContract: {"contract"}, conform.VerbUser: {"user", "role"},
	conform.VerbActivate: {"user", "serial", "code"}, conform.VerbOperate: {"user", "operation", "code"},
	conform.VerbUnlockAs: {"user", "code"}, conform.VerbRevokeAs: {"user", "code"},
	conform.VerbReport: {"serial", "condition"}, conform.VerbOrder: {"contract", "cause"}, conform.VerbReplace: {"serial"},
}

// prepareCount checks the expression of count, in which placeholders stand for texts.
func (v *Verb) prepareCount(known []string) error {
	if err := reqtemplate.CheckNames(known, v.Count); err != nil {
		return err
	}
	_, err := regexp.Compile(reqtemplate.Sample(v.Count))
	return err
}

// addDefaults adds the answers that all servers of a kind give.
func (v *Verb) addDefaults() {
	add := func(m *Match, value Match) {
		if m.empty() {
			*m = value
		}
	}
	switch {
	case v.Radius != nil:
		add(&v.Accepted, Match{Packet: packetAccept})
		add(&v.Refused, Match{Packet: packetReject})
		add(&v.NextCode, Match{Packet: packetChallenge})
	case v.PAM != nil:
		add(&v.Accepted, pamAccepted)
		add(&v.Refused, pamRefused)
		add(&v.Limited, pamLimited)
	}
}

// texts returns all texts of a verb that may have placeholders.
func (v *Verb) texts() (texts []string) {
	for _, s := range slices.Concat(v.Before, []Step{v.Step}, v.After) {
		texts = append(texts, s.texts()...)
	}
	return texts
}

func (s *Step) texts() (texts []string) {
	if r := s.HTTP; r != nil {
		texts = append(append(texts, r.Path, r.Body), r.Basic.texts()...)
		texts = slices.AppendSeq(texts, maps.Values(r.Headers))
		texts = slices.AppendSeq(texts, maps.Values(r.Form))
		texts = slices.AppendSeq(texts, maps.Values(r.Upload))
	}
	if s.Command != nil {
		texts = append(texts, s.Command.texts()...)
	}
	if t := s.File; t != nil {
		texts = append(texts, t.Path, t.Text)
	}
	if r := s.Radius; r != nil {
		texts = slices.AppendSeq(append(texts, r.Address, r.Secret), maps.Values(r.Attributes))
	}
	if p := s.PAM; p != nil {
		texts = append(texts, p.texts()...)
	}
	return texts
}

func (c *Command) texts() []string {
	return slices.AppendSeq(append([]string{c.Stdin, c.Dir}, c.Argv...), maps.Values(c.Env))
}

// kinds returns how many things the step does.
func (s *Step) kinds() (n int) {
	for _, is := range []bool{s.HTTP != nil, s.Command != nil, s.File != nil, s.Radius != nil, s.PAM != nil} {
		if is {
			n++
		}
	}
	return n
}

// prepareSetup checks a step of setup.
func (f *File) prepareSetup(s *SetupStep, known *[]string) error {
	if err := s.Accepted.prepare(); err != nil {
		return fmt.Errorf("accepted: %w", err)
	}
	s.takeTime()
	if s.Start == nil {
		return f.prepareStep(&s.Step, known)
	}
	if s.kinds() > 0 {
		return errors.New("start excludes the other kinds of steps")
	}
	if err := f.prepareStart(s.Start, *known); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return f.prepareSave(s.Save, known)
}

// takeTime lets a program of the step run longer than a request.
func (s *Step) takeTime() {
	if s.Command != nil {
		s.Command.limit = programTimeout
	}
}

// prepareStep checks a step, and adds the names of the values that it saves to known.
func (f *File) prepareStep(s *Step, known *[]string) error {
	if s.kinds() != 1 {
		return errors.New("want one of http, command, file, radius and pam")
	}
	if s.Radius != nil {
		if err := s.Radius.prepare(); err != nil {
			return fmt.Errorf("radius: %w", err)
		}
	}
	if s.PAM != nil {
		if err := s.PAM.prepare(); err != nil {
			return fmt.Errorf("pam: %w", err)
		}
	}
	if err := reqtemplate.CheckNames(*known, s.texts()...); err != nil {
		return err
	}
	if s.PAM != nil {
		if err := f.checkArguments(&Command{Argv: []string{"pamtester", s.PAM.Service, s.PAM.User}}); err != nil {
			return fmt.Errorf("pam: %w", err)
		}
	}
	if r := s.HTTP; r != nil {
		if r.Path == "" {
			return errors.New("http: path is missing")
		}
		bodies := 0
		for _, is := range []bool{len(r.Form) > 0, len(r.Upload) > 0, r.Body != ""} {
			if is {
				bodies++
			}
		}
		if bodies > 1 {
			return errors.New("http: form, upload and body exclude each other")
		}
		if whole(r.Path) {
			if err := f.checkURL(r.Path); err != nil {
				return fmt.Errorf("http: path: %w", err)
			}
		} else if f.URL == "" {
			return errors.New("http: url is missing at the top of the file")
		}
		if err := reqtemplate.CheckHeaders(r.Headers, f.secrets); err != nil {
			return fmt.Errorf("http: headers: %w", err)
		}
		if err := f.prepareBasic(r.Basic, r.Headers, *known); err != nil {
			return fmt.Errorf("http: %w", err)
		}
	}
	if s.Command != nil {
		if err := f.checkArguments(s.Command); err != nil {
			return fmt.Errorf("command: %w", err)
		}
	}
	if s.File != nil && s.File.From != "" {
		if err := f.prepareFile(s.File); err != nil {
			return fmt.Errorf("file: %w", err)
		}
	}
	return f.prepareSave(s.Save, known)
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// whole reports whether the path of a request is a whole URL. Its query may have another one.
func whole(path string) bool { return scheme.MatchString(path) }

// prepareFile reads the contents of a file.
func (f *File) prepareFile(t *TextFile) (err error) {
	switch {
	case t.Text != "" || t.Remove:
		return errors.New("from excludes text and remove")
	case f.options.Read == nil:
		return errors.New("from: files cannot be read here")
	}
	if t.from, err = f.options.Read(t.From); err != nil {
		return fmt.Errorf("from: %w", err)
	}
	return nil
}

// prepareSave checks the values that a step saves, and adds their names to known.
func (f *File) prepareSave(saves map[string]Read, known *[]string) error {
	for name, r := range saves {
		if err := ownName(name); err != nil {
			return fmt.Errorf("save: %w", err)
		}
		if _, is := f.Secrets[name]; is {
			return fmt.Errorf("save: {{%s}} is one of the secrets: want another name", name)
		}
		if err := r.prepare(); err != nil {
			return fmt.Errorf("save: %s: %w", name, err)
		}
		if r.empty() {
			return fmt.Errorf("save: %s: want json, body, header or cookie", name)
		}
		saves[name] = r
		*known, f.saved = append(*known, name), append(f.saved, name)
	}
	return nil
}

// ownName checks a name of a file for a value. It must not replace another value.
func ownName(name string) error {
	reserved := slices.Concat(placeholders, slices.Concat(slices.Collect(maps.Values(verbPlaceholders))...))
	switch {
	case !slices.Equal(reqtemplate.Names("{{"+name+"}}"), []string{name}):
		return fmt.Errorf("%q: want a name of a-z, 0-9 and _", name)
	case slices.Contains(reserved, name):
		return fmt.Errorf("{{%s}} has another meaning: want another name", name)
	}
	return nil
}

// uses reports whether the file has a placeholder.
func (f *File) uses(name string) bool {
	texts := append([]string{f.URL}, f.Basic.texts()...)
	for i := range f.Setup {
		texts = append(texts, f.Setup[i].texts()...)
		if p := f.Setup[i].Start; p != nil {
			texts = append(texts, p.texts()...)
		}
	}
	for _, v := range f.verbs() {
		if v != nil {
			texts = append(texts, v.texts()...)
		}
	}
	return strings.Contains(strings.Join(texts, "\n"), "{{"+name+"}}")
}

// checkArguments checks that a program has no secrets in its arguments.
func (f *File) checkArguments(c *Command) error {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return errors.New("argv is empty")
	}
	secret := slices.Concat(secretPlaceholders, f.saved, slices.Collect(maps.Keys(f.Secrets)))
	for _, name := range reqtemplate.Names(c.Argv...) {
		if slices.Contains(secret, name) && !c.SecretsInArguments {
			return fmt.Errorf("{{%s}} in argv can be read by all users: use stdin, or set secrets_in_arguments", name)
		}
	}
	return nil
}

func (m *Match) empty() bool {
	return m.Status == 0 && m.Body == "" && len(m.JSON) == 0 && m.Exit == nil && m.Packet == ""
}

func (m *Match) prepare() (err error) {
	if m.re, err = regexp.Compile(m.Body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if m.Packet != "" && m.Packet != packetAccept && m.Packet != packetReject && m.Packet != packetChallenge {
		return fmt.Errorf("packet %q: want accept, reject or challenge", m.Packet)
	}
	for p := range m.JSON {
		if !strings.HasPrefix(p, "/") {
			return fmt.Errorf("json: %q is not a JSON pointer: it begins with /", p)
		}
	}
	return nil
}

func (r *Read) empty() bool { return r.JSON == "" && r.Body == "" && r.Header == "" && r.Cookie == "" }

func (r *Read) prepare() (err error) {
	if r.re, err = regexp.Compile(r.Body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	switch {
	case r.Body != "" && r.re.NumSubexp() < 1:
		return errors.New("body: the expression has no group")
	case r.JSON != "" && !strings.HasPrefix(r.JSON, "/"):
		return fmt.Errorf("json: %q is not a JSON pointer: it begins with /", r.JSON)
	case r.Unit != "" && r.Unit != "steps" && r.Unit != "seconds":
		return fmt.Errorf("unit %q: want steps or seconds", r.Unit)
	}
	return nil
}

func (f *File) checkURL(text string) error {
	err := reqtemplate.CheckURL(text, f.InsecureHTTP)
	if err != nil && reqtemplate.CheckURL(text, true) == nil {
		return fmt.Errorf("%w, or set insecure_http", err)
	}
	return err
}
