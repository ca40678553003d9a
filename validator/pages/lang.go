// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

//go:embed catalog/ja.json catalog/en.json
var catalogFiles embed.FS

// catalogOf returns the texts of the bank in a language.
func catalogOf(lang string) ui.Catalog { return ui.ReadCatalog(catalogFiles, "catalog/"+lang+".json") }

// day formats a calendar date.
func day(lang string, e token.Expiry) string {
	if e.IsZero() {
		return "–"
	}
	y, m, d := e.Date()
	if lang == ui.English {
		return fmt.Sprintf("%d %s %d", d, time.Month(m), y)
	}
	return fmt.Sprintf("%d年%d月%d日", y, m, d)
}

// names joins the names of people.
func names(lang string, all []string) string {
	if lang == ui.English {
		return strings.Join(all, ", ")
	}
	return strings.Join(all, "、")
}

// instant formats an instant in Japan time, to the second.
func instant(lang string, s token.UnixSeconds) string {
	if s == 0 {
		return "–"
	}
	t := s.Time().In(token.Tokyo())
	if lang == ui.English {
		return t.Format("2 Jan 2006, 15:04:05")
	}
	return t.Format("2006年1月2日 15:04:05")
}

// yen formats an amount of money.
func yen(lang string, y validator.Yen) string {
	if lang == ui.English {
		return "¥" + thousands(int64(y))
	}
	return thousands(int64(y)) + "円"
}

// thousands formats a number of 0 or more with commas.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
