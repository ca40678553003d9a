// SPDX-License-Identifier: Apache-2.0

package sshsig

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/d204ef64/fob/internal/errclass"
)

// The errors of allowed signers.
var (
	ErrAllowed   = errclass.New(errclass.Usage, "invalid list of allowed signers")
	ErrUnknown   = errclass.New(errclass.Refused, "the key is not allowed: add it to the list of allowed signers, or let an allowed person sign")
	ErrNamespace = errclass.New(errclass.Refused, "the key is not allowed for this purpose: see its option namespaces in the list of allowed signers")
	ErrNotYet    = errclass.New(errclass.Refused, "the key is not valid yet: see its option valid-after in the list of allowed signers")
	ErrExpired   = errclass.New(errclass.Refused, "the key has expired: see its option valid-before in the list of allowed signers")
)

// Allowed is a list of allowed signers.
type Allowed struct{ entries []entry }

// entry is a line of the list.
type entry struct {
	principals    []string
	key           []byte
	namespaces    string    // a pattern list; "" allows all
	after, before time.Time // zero means no limit
	person        int
}

// A Person may sign. Lines of the list that share a principal or a key are one person.
type Person struct {
	Principal string // the first one on the line of the key
	id        int
}

// Same reports whether p and q are one person.
func (p Person) Same(q Person) bool { return p.id == q.id }

// ParseAllowed parses a file in the format ALLOWED SIGNERS of ssh-keygen(1). loc is the
// time zone of times without a Z. Each line must identify a person: certificate
// authorities and principals with wildcards are refused. The error wraps [ErrAllowed]
// and reports all wrong lines.
func ParseAllowed(text []byte, loc *time.Location) (*Allowed, error) {
	a := &Allowed{}
	var wrong []error
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		e, err := parseEntry(string(line), loc)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		a.add(e)
	}
	switch {
	case len(a.entries) == 0 && len(wrong) == 0:
		return nil, fmt.Errorf("%w: it has no line with a principal and a key", ErrAllowed)
	case len(a.entries) == 0 && len(wrong) > 1:
		return nil, fmt.Errorf("%w: none of its lines is one: want lines such as tanaka@example.com ssh-ed25519 AAAA…: %w", ErrAllowed, wrong[0])
	case wrong != nil:
		return nil, fmt.Errorf("%w: %w", ErrAllowed, errors.Join(wrong...))
	}
	return a, nil
}

// add appends an entry. It becomes one person with all entries to which it is related.
func (a *Allowed) add(e entry) {
	e.person = len(a.entries)
	for i := range a.entries {
		if old := a.entries[i].person; old != e.person && a.entries[i].related(e) {
			for j := range a.entries {
				if a.entries[j].person == old {
					a.entries[j].person = e.person
				}
			}
		}
	}
	a.entries = append(a.entries, e)
}

// related reports whether two entries share a key or a principal.
func (e entry) related(other entry) bool {
	if bytes.Equal(e.key, other.key) {
		return true
	}
	for _, p := range e.principals {
		for _, q := range other.principals {
			if strings.EqualFold(p, q) {
				return true
			}
		}
	}
	return false
}

func parseEntry(line string, loc *time.Location) (entry, error) {
	names, rest, ok := cutPrincipals(line)
	if !ok || names == "" {
		return entry{}, errors.New("want principals, options, key type and key")
	}
	e := entry{principals: strings.Split(names, ",")}
	for _, p := range e.principals {
		if p == "" || strings.ContainsAny(p, "*?!") {
			return entry{}, fmt.Errorf("principal %q: each line names one person: wildcards cannot tell people apart", p)
		}
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return entry{}, fmt.Errorf("%s: no public key follows, or its options are wrong", e.principals[0])
	}
	e.key = key.Marshal()
	given := map[string]bool{}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if given[name] {
			return entry{}, fmt.Errorf("option %s is given twice", name)
		}
		given[name] = true
		if err := e.set(name, unquote(value), loc); err != nil {
			return entry{}, err
		}
	}
	if !e.after.IsZero() && !e.before.IsZero() && e.after.After(e.before) {
		return entry{}, errors.New("valid-after is later than valid-before")
	}
	return e, nil
}

// cutPrincipals returns the first field of a line, which may be quoted, and the rest.
func cutPrincipals(line string) (names, rest string, ok bool) {
	if quoted, isQuoted := strings.CutPrefix(line, `"`); isQuoted {
		return strings.Cut(quoted, `"`)
	}
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		return line[:i], line[i:], true
	}
	return "", "", false
}

// unquote removes the quotes of an option's value.
func unquote(value string) string {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return strings.ReplaceAll(value[1:len(value)-1], `\"`, `"`)
	}
	return value
}

// set sets an option.
func (e *entry) set(name, value string, loc *time.Location) (err error) {
	switch name {
	case "cert-authority":
		return errors.New("cert-authority: certificates are not supported: list the key of each person")
	case "namespaces":
		if value == "" {
			return errors.New("namespaces is empty")
		}
		e.namespaces = value
	case "valid-after":
		e.after, err = parseTime(name, value, loc)
	case "valid-before":
		e.before, err = parseTime(name, value, loc)
	default:
		return fmt.Errorf("unknown option %q: want namespaces, valid-after or valid-before", name)
	}
	return err
}

// parseTime parses a time as ssh-keygen does: YYYYMMDD[Z] or YYYYMMDDHHMM[SS][Z].
func parseTime(name, text string, loc *time.Location) (time.Time, error) {
	digits, utc := strings.CutSuffix(strings.TrimSuffix(text, "z"), "Z")
	if utc || strings.HasSuffix(text, "z") {
		loc = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if t, err := time.ParseInLocation(layout, digits, loc); err == nil && len(digits) == len(layout) {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: %q is not a time such as 20261231, 202612312359 or 20261231235959Z", name, text)
}

// Find returns the person of a key, if it may sign for a namespace at that time. The error is one of [ErrUnknown], [ErrNamespace], [ErrNotYet] and [ErrExpired].
func (a *Allowed) Find(key PublicKey, namespace string, now time.Time) (Person, error) {
	blob, err := key.Marshal(), ErrUnknown
	for _, e := range a.entries {
		if !bytes.Equal(e.key, blob) {
			continue
		}
		switch {
		case e.namespaces != "" && !matchList(namespace, e.namespaces):
			err = ErrNamespace
		case !e.after.IsZero() && now.Before(e.after):
			err = ErrNotYet
		case !e.before.IsZero() && now.After(e.before):
			err = ErrExpired
		default:
			return Person{e.principals[0], e.person}, nil
		}
	}
	return Person{}, err
}

// matchList reports whether a name matches a pattern list of ssh_config(5): at least one
// pattern, and none that begins with an exclamation mark.
func matchList(name, list string) bool {
	found := false
	for pattern := range strings.SplitSeq(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if match(name, pattern) {
			if negated {
				return false
			}
			found = true
		}
	}
	return found
}

// match reports whether a name matches a pattern, in which * stands for any characters
// and ? for one.
func match(name, pattern string) bool {
	for ; pattern != ""; name, pattern = name[1:], pattern[1:] {
		if pattern[0] == '*' {
			rest := strings.TrimLeft(pattern, "*")
			for i := len(name); i >= 0; i-- {
				if match(name[i:], rest) {
					return true
				}
			}
			return false
		}
		if name == "" || pattern[0] != '?' && pattern[0] != name[0] {
			return false
		}
	}
	return name == ""
}
