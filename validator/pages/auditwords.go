// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"strings"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator"
)

// actOptions returns the choices of the filter by act, operations first.
func actOptions() []option {
	options := []option{{Label: newMsg("audit.any")}}
	for _, op := range validator.Operations() {
		options = append(options, option{Value: op.String(), Label: newMsg("op." + slug(op))})
	}
	for _, a := range validator.Acts() {
		options = append(options, option{Value: a.String(), Label: newMsg("act." + slug(a))})
	}
	return options
}

// actText, reasonText and channelText return the words for a value of the audit log.
func actText(words ui.Catalog, act string) string       { return auditText(words, act, "op", "act") }
func reasonText(words ui.Catalog, reason string) string { return auditText(words, reason, "reason") }
func channelText(words ui.Catalog, channel string) string {
	return auditText(words, channel, "channel")
}

// auditText returns the words for a value of one of several kinds. An unknown value,
// written by a newer server on the same database, is returned unchanged.
func auditText(words ui.Catalog, value string, kinds ...string) string {
	for _, kind := range kinds {
		if text, ok := words[kind+"."+strings.ReplaceAll(value, " ", "-")]; ok {
			return text
		}
	}
	return value
}
