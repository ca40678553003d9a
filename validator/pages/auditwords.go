// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"strings"

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

// act, reason and channel return the words for a value of the audit log.
func (c catalog) act(act string) string         { return c.auditText(act, "op", "act") }
func (c catalog) reason(reason string) string   { return c.auditText(reason, "reason") }
func (c catalog) channel(channel string) string { return c.auditText(channel, "channel") }

// auditText returns the words for a value of one of several kinds. An unknown value,
// written by a newer server on the same database, is returned unchanged.
func (c catalog) auditText(value string, kinds ...string) string {
	for _, kind := range kinds {
		if text, ok := c[kind+"."+strings.ReplaceAll(value, " ", "-")]; ok {
			return text
		}
	}
	return value
}
