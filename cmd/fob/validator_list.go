// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// listPage is the number of entries read at once.
const listPage = 500

// limitFlag adds --limit.
func limitFlag(f *pflag.FlagSet, limit *int) {
	f.IntVar(limit, "limit", 0, "print at most `N` lines; 0 is all")
}

// list prints all entries that next returns, page by page: with --json one object per
// entry, otherwise a table with a header. Free text is in the last column, because its
// width is not limited.
func list[T any](a *app, limit int, head string, next func(bank.Page) ([]T, string, error), row func(T) (any, string)) error {
	if limit < 0 {
		return usagef("--limit %d: want 1 or more, or 0 for all", limit)
	}
	a.lists = true
	out, err := a.create("", false)
	if err != nil {
		return err
	}
	if !a.json {
		fmt.Fprintln(out, head)
	}
	n := 0
	for page := (bank.Page{Limit: listPage}); ; {
		if limit > 0 {
			page.Limit = min(listPage, limit-n)
		}
		rows, after, err := next(page)
		if err != nil {
			return out.finish(err)
		}
		for _, r := range rows {
			object, line := row(r)
			if a.json {
				err = jsonLine(out, object)
			} else {
				_, err = fmt.Fprintln(out, strings.TrimRight(line, " "))
			}
			if err != nil {
				return out.finish(err)
			}
			n++
		}
		if after == "" || limit > 0 && n >= limit {
			return out.finish(nil)
		}
		page.After = after
	}
}

// singlePage returns a single page with all entries, for a list that is not paged.
func singlePage[T any](read func() ([]T, error)) func(bank.Page) ([]T, string, error) {
	return func(bank.Page) ([]T, string, error) {
		rows, err := read()
		return rows, "", err
	}
}

// instant converts a time for JSON. It returns nil for 0.
func instant(u token.UnixSeconds) *time.Time {
	if u == 0 {
		return nil
	}
	t := time.Unix(int64(u), 0).UTC()
	return &t
}

// tableTime formats a time for a table, in the time zone of Japan. It returns "-" for 0.
func tableTime(u token.UnixSeconds) string {
	if u == 0 {
		return "-"
	}
	return time.Unix(int64(u), 0).In(token.Tokyo()).Format("2006-01-02 15:04:05")
}

// date formats a day for a table. It returns "-" if there is none.
func date(e token.Expiry) string { return dash(e.String()) }

// yesNo formats a bool for a table.
func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// oneOf returns the value with the given name, in which spaces are written as hyphens.
func oneOf[T fmt.Stringer](flag, text string, all ...T) (v T, err error) {
	var names []string
	for _, v := range all {
		name := strings.ReplaceAll(v.String(), " ", "-")
		if name == text {
			return v, nil
		}
		names = append(names, name)
	}
	return v, usagef("--%s %q: want %s", flag, text, strings.Join(names, ", "))
}

// yen formats an amount of money, for example "2,200 yen".
func yen(y validator.Yen) string {
	digits := strconv.FormatInt(int64(y), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + " yen"
}
