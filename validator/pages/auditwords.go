// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// actKeys, reasonKeys and channelKeys map words of the audit log to keys of the
// catalogue.
var actKeys, reasonKeys, channelKeys = map[string]string{}, map[string]string{}, map[string]string{}

// channels are the ways on which requests reach the bank.
var channels = []string{bank.ChannelHTTP, bank.ChannelPage, bank.ChannelRADIUS, bank.ChannelCommand, bank.ChannelJob}

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
	for _, ch := range channels {
		channelKeys[ch] = "channel." + ch
	}
}

// act returns the words for an act of the audit log.
func (c catalog) act(act string) (string, error) { return c.auditText(actKeys, act) }

// reason returns the words for a reason of the audit log.
func (c catalog) reason(reason string) (string, error) { return c.auditText(reasonKeys, reason) }

// channel returns the words for a channel of the audit log.
func (c catalog) channel(channel string) (string, error) { return c.auditText(channelKeys, channel) }

// auditText returns the words for a value from the audit log. An unknown value, written
// by a newer server on the same database, is returned unchanged.
func (c catalog) auditText(keys map[string]string, s string) (string, error) {
	if key, ok := keys[s]; ok {
		return c.text(key)
	}
	return s, nil
}
