// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"fmt"
	"strings"
)

// NullIfEmpty returns a text, or NULL if it is empty.
func NullIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// A Where collects conditions and their values.
type Where struct {
	parts []string
	args  []any
}

// Add adds a condition in which $ stands for a value. If there are several values, each $
// stands for the next one; otherwise, each $ stands for the same one.
func (w *Where) Add(condition string, values ...any) {
	parts := strings.Split(condition, "$")
	var b strings.Builder
	b.WriteString(parts[0])
	for i, part := range parts[1:] {
		fmt.Fprintf(&b, "$%d%s", len(w.args)+min(i+1, len(values)), part)
	}
	w.parts = append(w.parts, b.String())
	w.args = append(w.args, values...)
}

// String returns "" or " WHERE …".
func (w *Where) String() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// Args returns the values.
func (w *Where) Args() []any { return w.args }

// Page selects a part of a list.
type Page struct {
	After string // the previous page's Next; "" means the beginning
	Limit int    // 1 to 1000; 0 means 100
}

// limit returns the maximum number of lines on a page. Lists read one more, to detect
// another page.
func (p Page) limit() int {
	switch {
	case p.Limit <= 0:
		return 100
	case p.Limit > 1000:
		return 1000
	}
	return p.Limit
}

// LikePrefix returns a pattern for LIKE … ESCAPE '\' that matches texts that begin with s.
func LikePrefix(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}
