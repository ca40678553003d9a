// SPDX-License-Identifier: Apache-2.0

package order

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/yamlfile"
)

// ErrOrder is the error of an order with faults. It is wrapped in a [FaultsError].
var ErrOrder = errclass.New(errclass.Usage, "invalid order")

// maxSize is the maximum size of an order. Its largest part may be a certificate.
const maxSize = 64 << 10

// Fault is one fault of an order.
type Fault struct {
	Line  int    // 1 is the first; 0 if unknown
	Field string // such as serials.first; "" for the whole file
	Text  string
}

// FaultsError lists all faults of an order, by line. It wraps [ErrOrder].
type FaultsError struct {
	File   string // "" if unknown
	Faults []Fault
}

// Error returns a line for each fault, such as "order.yaml:3: count: it is missing".
func (e *FaultsError) Error() string {
	file := e.File
	if file == "" {
		file = ErrOrder.Error()
	}
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = file + ":"
		if f.Line > 0 {
			lines[i] += strconv.Itoa(f.Line) + ":"
		}
		if f.Field != "" {
			lines[i] += " " + f.Field + ":"
		}
		lines[i] += " " + f.Text
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns [ErrOrder].
func (e *FaultsError) Unwrap() error { return ErrOrder }

// Parse parses an order and checks it. The error is a [FaultsError] with all faults. No
// error quotes a value that may be a secret.
func Parse(b []byte) (*Order, error) {
	o, faults := parse(b)
	if len(faults) > 0 {
		return nil, &FaultsError{Faults: faults}
	}
	return o, nil
}

// Check is [Parse] for an order that is about to be signed: an order that ran out before
// now has a fault.
func Check(b []byte, now time.Time) (*Order, error) {
	o, faults := parse(b)
	if len(faults) == 0 {
		c := &checker{lines: fieldLines(b)}
		if now.After(o.until) {
			c.fault("valid_until", "the order ran out")
		}
		o.validCertificates(c, now)
		faults = c.faults
	}
	if len(faults) > 0 {
		return nil, &FaultsError{Faults: faults}
	}
	return o, nil
}

// parse parses an order. With faults, the order is incomplete.
func parse(b []byte) (*Order, []Fault) {
	if len(b) > maxSize {
		return nil, []Fault{{Text: fmt.Sprintf("it is larger than %d bytes", maxSize)}}
	}
	o := &Order{digest: sha256.Sum256(b)}
	root, mistakes := yamlfile.DecodeAll(b, o, false)
	c := &checker{lines: fieldLines(b)}
	for _, m := range mistakes {
		c.faults = append(c.faults, Fault{Line: m.Line, Text: m.Problem})
	}
	if root == nil {
		if len(c.faults) == 0 {
			c.faults = []Fault{{Text: "it is empty"}}
		}
		return o, c.faults
	}
	if !c.begun("id", "customer", "model", "serials", "recipients") {
		return o, []Fault{{Line: 1, Text: "this is not an order: fob line order new writes one to begin with"}}
	}
	c.given = slices.Clone(c.faults)
	o.check(c)
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return a.Line - b.Line })
	return o, c.faults
}

// fieldLines returns the lines of all fields, by their paths such as recipients[0].age.
func fieldLines(b []byte) map[string]int {
	lines := map[string]int{"": 1}
	var root yaml.Node
	if yaml.Unmarshal(b, &root) == nil && len(root.Content) > 0 {
		addLines(lines, "", root.Content[0], 8)
	}
	return lines
}

// addLines adds the lines of the fields below n. An alias is not followed: the fields of
// an order are no deeper than depth.
func addLines(lines map[string]int, path string, n *yaml.Node, depth int) {
	if depth == 0 {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		if path == "" && len(n.Content) > 0 {
			lines[""] = n.Line
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			if path != "" {
				name = path + "." + name
			}
			lines[name] = n.Content[i].Line
			addLines(lines, name, n.Content[i+1], depth-1)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			name := fmt.Sprintf("%s[%d]", path, i)
			lines[name] = item.Line
			addLines(lines, name, item, depth-1)
		}
	}
}

// checker collects faults.
type checker struct {
	lines  map[string]int
	given  []Fault // faults of the types of fields
	faults []Fault
}

// begun reports whether the file has one of the fields.
func (c *checker) begun(fields ...string) bool {
	return slices.ContainsFunc(fields, func(field string) bool { return c.lines[field] > 0 })
}

// fault reports a fault of a field. If the file has no such field, the line is the one
// of the object around it. A field whose type is wrong has only that fault, and so have
// the fields in it.
func (c *checker) fault(field, format string, args ...any) {
	at := field
	line, ok := c.lines[at]
	for !ok {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
		line, ok = c.lines[at]
	}
	if slices.ContainsFunc(c.given, func(f Fault) bool { return f.Line == line && at != "" }) {
		return
	}
	c.faults = append(c.faults, Fault{line, field, fmt.Sprintf(format, args...)})
}

// part reports the fault of a part of the order, if there is one.
func (c *checker) part(name, field string, err error) {
	if err == nil {
		return
	}
	if field != "" {
		name += "." + field
	}
	c.fault(name, "%s", err)
}

// need reports whether a text is given, and a fault if it is not.
func (c *checker) need(field, value string) bool {
	if value == "" {
		c.fault(field, "it is missing")
	}
	return value != ""
}

// within reports a fault if n is outside its limits.
func (c *checker) within(field string, n, least, most float64) {
	if !(n >= least && n <= most) {
		text := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
		c.fault(field, "%s, want %s to %s", text(n), text(least), text(most))
	}
}

// oneOf reports a fault if a value is not in the list.
func (c *checker) oneOf(field, value string, list ...string) {
	if c.need(field, value) && !slices.Contains(list, value) {
		c.fault(field, "%q, want %s", clip(value), strings.Join(list, ", "))
	}
}

// clip shortens a text for a message.
func clip(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
