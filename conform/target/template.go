// SPDX-License-Identifier: Apache-2.0

package target

import (
	"maps"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// placeholders are the names that every text may use.
var placeholders = []string{"user", "serial", "seed_hex", "seed_base32", "code", "second", "period", "digits", "unix", "time", "dir", "me", "port", "random"}

// verbPlaceholders are the names that only the texts of one verb may use.
var verbPlaceholders = map[conform.Verb][]string{
	conform.VerbImportFile: {"contract", "file_text", "file_format", "file_key", "file_password", "file_period"},
	conform.VerbContract:   {"contract"},
	conform.VerbUser:       {"contract", "role"},
	conform.VerbActivate:   {"contract", "role"},
	conform.VerbOperate:    {"contract", "role", "operation"},
	conform.VerbUnlockAs:   {"contract", "role"},
	conform.VerbRevokeAs:   {"contract", "role"},
	conform.VerbReport:     {"condition"},
	conform.VerbOrder:      {"contract", "cause", "old", "returned"},
	conform.VerbReplace:    {"contract", "old"},
}

// secretPlaceholders must not be in the arguments of a program.
var secretPlaceholders = []string{"seed_hex", "seed_base32", "code", "second", "file_text", "file_key", "file_password", "random"}

// values are the values of placeholders.
type values = reqtemplate.Values

// notSecret are the values that an error may have. The others may be secrets.
var notSecret = []string{
	"user", "serial", "period", "digits", "unix", "time", "dir", "me", "port", "random",
	"contract", "role", "operation", "condition", "cause", "old", "returned", "file_format",
}

// hide replaces the secrets among the values in a text. Shorter values cannot be secrets.
func hide(v values, text string) string {
	const shortest = 4
	names := slices.SortedFunc(maps.Keys(v), func(a, b string) int { return len(v[b]) - len(v[a]) }) // one may contain another
	for _, name := range names {
		if len(v[name]) >= shortest && !slices.Contains(notSecret, name) {
			text = strings.ReplaceAll(text, v[name], "{{"+name+"}}")
		}
	}
	return text
}
