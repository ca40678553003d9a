// SPDX-License-Identifier: Apache-2.0

package report

import (
	"regexp"
	"strings"
)

// Repository is the address of this repository's documents.
const Repository = "https://github.com/d204ef64/fob/blob/main/"

// PageOf returns the address of the page about a case.
func PageOf(id string) string {
	page := id + ".md"
	if isFileCase(id) {
		page = filesPage + "#" + strings.ToLower(id)
	}
	return Repository + "docs/conform/" + page
}

// addresses are the public documents that a source of a requirement may name.
var addresses = []struct {
	form *regexp.Regexp
	link func(m []string) string
}{
	{regexp.MustCompile(`^RFC (\d+)(?: §([\d.]+)| (Appendix [A-Z])| (R\d+))?`), func(m []string) string {
		address := "https://www.rfc-editor.org/rfc/rfc" + m[1]
		switch {
		case m[2] != "":
			address += "#section-" + m[2]
		case m[3] != "":
			address += "#appendix-" + m[3][len("Appendix "):]
		case m[4] != "": // the list of requirements
			address += "#section-3"
		}
		return address
	}},
	{regexp.MustCompile(`^CWE-(\d+)$`), func(m []string) string { return "https://cwe.mitre.org/data/definitions/" + m[1] + ".html" }},
	{regexp.MustCompile(`^NIST SP 800-63B-4`), func([]string) string { return "https://pages.nist.gov/800-63-4/sp800-63b.html" }},
	{regexp.MustCompile(`^(CVE-\d+-\d+)`), func(m []string) string { return "https://www.cve.org/CVERecord?id=" + m[1] }},
}

// Link is a source of a requirement, with its address if it is public.
type Link struct{ Text, Address string }

// Sources returns the sources of a requirement.
func Sources(source string) (links []Link) {
	for text := range strings.SplitSeq(source, "; ") {
		l := Link{Text: text}
		for _, a := range addresses {
			if m := a.form.FindStringSubmatch(text); m != nil {
				l.Address = a.link(m)
			}
		}
		links = append(links, l)
	}
	return links
}
