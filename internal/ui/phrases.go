// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"cmp"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// phrase is a sentence of a program, translated into another language.
type phrase struct {
	pattern *regexp.Regexp
	verbs   []string // such as "%q", one for each group of the pattern
	text    string   // {0} stands for the first value
	fixed   int      // length of the format without its verbs
}

// Phrases translates sentences that a program writes in English, such as its errors. nil
// leaves them in English.
type Phrases struct {
	exact   map[string]string
	phrases []phrase // longest fixed text first
	unknown string
}

// Verb matches the verbs that a sentence may have.
var Verb = regexp.MustCompile(`%(?:[dsqvw]|\.[0-9]f)`)

// ReadPhrases reads an embedded JSON file. Its keys are the format strings of the program,
// such as "contract %q already exists", and its values are the translations, in which {0}
// stands for the first value. Unknown stands for errors within a sentence that are not in
// the file. An error is a programming error.
func ReadPhrases(files fs.FS, name, unknown string) *Phrases {
	all := ReadCatalog(files, name)
	b := &Phrases{exact: map[string]string{}, unknown: unknown}
	for format, text := range all {
		if !Verb.MatchString(format) {
			b.exact[format] = text
			continue
		}
		p := phrase{text: text, verbs: Verb.FindAllString(format, -1)}
		var pattern strings.Builder
		for i, part := range Verb.Split(format, -1) {
			if i > 0 {
				switch p.verbs[i-1] {
				case "%d":
					pattern.WriteString(`(-?\d+)`)
				case "%q":
					pattern.WriteString(`("(?:[^"\\]|\\.)*")`)
				default:
					pattern.WriteString(`(.+?)`)
				}
			}
			pattern.WriteString(regexp.QuoteMeta(part))
			p.fixed += len(part)
		}
		p.pattern = regexp.MustCompile(`(?s)^` + pattern.String() + `$`)
		b.phrases = append(b.phrases, p)
	}
	slices.SortFunc(b.phrases, func(x, y phrase) int {
		return cmp.Or(cmp.Compare(y.fixed, x.fixed), strings.Compare(x.text, y.text))
	})
	return b
}

// Find translates a sentence. It reports whether it is known.
func (b *Phrases) Find(s string) (string, bool) {
	if b == nil {
		return s, true
	}
	if text, ok := b.exact[s]; ok {
		return text, true
	}
	for _, p := range b.phrases {
		m := p.pattern.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		var pairs []string
		for i, value := range m[1:] {
			switch p.verbs[i] {
			case "%q":
				if plain, err := strconv.Unquote(value); err == nil {
					value = plain
				}
			case "%s":
				if text, ok := b.Find(value); ok {
					value = text
				}
			case "%v", "%w": // an error
				text, ok := b.Find(value)
				if !ok {
					text = b.unknown
				}
				value = text
			}
			pairs = append(pairs, "{"+strconv.Itoa(i)+"}", value)
		}
		return strings.NewReplacer(pairs...).Replace(p.text), true
	}
	return "", false
}
