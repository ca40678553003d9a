// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"

	"github.com/d204ef64/fob/validator"
)

// actKeys and reasonKeys are the words for what the audit log has: for what was done,
// and for why it was done or not.
var actKeys, reasonKeys = map[string]string{}, map[string]string{}

// actOptions are the acts of the audit log to choose among: the operations first.
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

// stored returns the words for what stands in the audit log. What is not known, from a
// newer server on the same database, stands as it is.
func (c catalog) stored(keys map[string]string, s string) (string, error) {
	if key, ok := keys[s]; ok {
		return c.text(key)
	}
	return s, nil
}
