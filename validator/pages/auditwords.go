// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"

	"github.com/d204ef64/fob/validator"
)

// actKeys and reasonKeys map the acts and reasons of the audit log to keys of the
// catalogue.
var actKeys, reasonKeys = map[string]string{}, map[string]string{}

// actOptions are the choices of the filter by act, operations first.
var actOptions = []option{{Label: newMsg("audit.any")}}

func init() {
	act := func(kind string, a fmt.Stringer) {
		key := kind + "." + slug(a)
		actKeys[a.String()] = key
		actOptions = append(actOptions, option{Value: a.String(), Label: newMsg(key)})
	}
	for _, op := range validator.Operations() {
		act("op", op)
	}
	for _, a := range validator.Acts() {
		act("act", a)
	}
	for _, r := range validator.Reasons() {
		reasonKeys[r.String()] = "reason." + slug(r)
	}
}

// act returns the words for an act of the audit log.
func (c catalog) act(act string) (string, error) { return c.stored(actKeys, act) }

// reason returns the words for a reason of the audit log.
func (c catalog) reason(reason string) (string, error) { return c.stored(reasonKeys, reason) }

// stored returns the words for a value from the audit log. An unknown value, written by
// a newer server on the same database, is returned unchanged.
func (c catalog) stored(keys map[string]string, s string) (string, error) {
	if key, ok := keys[s]; ok {
		return c.text(key)
	}
	return s, nil
}
