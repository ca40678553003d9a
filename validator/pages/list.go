// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/url"

	"github.com/d204ef64/fob/validator/bank"
)

// pageLines is the number of lines in a part of a list.
const pageLines = 50

// maxMarks is the maximum number of marks in an address. It keeps addresses short. The
// way back from a later part skips to the beginning.
const maxMarks = 40

// list is a part of a list.
type list[T any] struct {
	Lines []T
	Ways
}

// Ways are the addresses of the previous and next part; "" if there is none.
type Ways struct{ Prev, Next string }

// readPart reads the part of a list that the address selects. The parameter called name
// holds the marks at which the earlier parts ended. The last mark selects the part, and
// the others lead back. On a page with several lists, each list has its own parameter,
// which is also the ID of its element.
func readPart[T any](c *call, name string, read func(bank.Page) ([]T, string, error)) (list[T], error) {
	q := c.r.URL.Query()
	marks := q[name]
	p := bank.Page{Limit: pageLines}
	if len(marks) > 0 {
		p.After = marks[len(marks)-1]
	}
	lines, next, err := read(p)
	if err != nil {
		return list[T]{}, err
	}
	at := func(marks ...string) string {
		q.Del(name)
		for _, mark := range marks[max(0, len(marks)-maxMarks):] {
			q.Add(name, mark)
		}
		to := url.URL{Path: c.r.URL.Path, RawQuery: q.Encode()}
		if name != afterMark {
			to.Fragment = name
		}
		return to.String()
	}
	l := list[T]{Lines: lines}
	if len(marks) > 0 {
		l.Prev = at(marks[:len(marks)-1]...)
	}
	if len(lines) == 0 && l.Prev != "" { // the last lines of the list have been removed
		return l, redirectTo(l.Prev)
	}
	if next != "" {
		l.Next = at(append(marks, next)...)
	}
	return l, nil
}

// afterMark is the parameter of a list that is alone on its page.
const afterMark = "after"
