// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"slices"

	"github.com/d204ef64/fob/validator"
)

// deskActs are what the audit log has besides operations, in the order in which one
// chooses among them.
var deskActs = []struct{ act, key string }{
	{"log in", "act.log-in"},
	{"change password", "act.change-password"},
	{"lock activation", "act.lock-activation"},
	{"unlock activation", "act.unlock-activation"},
	{"report", "act.report"},
	{"order", "act.order"},
	{"ship", "act.ship"},
	{"cancel order", "act.cancel-order"},
	{"issue", "act.issue"},
	{"import", "act.import"},
	{"notice", "act.notice"},
	{"notice sent", "act.notice-sent"},
	{"notice later", "act.notice-later"},
	{"notice failed", "act.notice-failed"},
	{"notice doubtful", "act.notice-doubtful"},
	{"resend notice", "act.resend-notice"},
	{"add contract", "act.add-contract"},
	{"change contract", "act.change-contract"},
	{"add clerk", "act.add-clerk"},
	{"change clerk", "act.change-clerk"},
	{"add key", "act.add-key"},
	{"end key", "act.end-key"},
	{"rotate key", "act.rotate-key"},
	{"back up", "act.back-up"},
	{"restore", "act.restore"},
	{"create bank", "act.create-bank"},
}

// reasonKeys are the words for why something was done or not.
var reasonKeys = map[string]string{
	"accepted":                "reason.accepted",
	"corrected":               "reason.corrected",
	"next code wanted":        "reason.next-code-wanted",
	"wrong":                   "reason.wrong",
	"malformed":               "reason.malformed",
	"replayed":                "reason.replayed",
	"suspended":               "reason.suspended",
	"expired":                 "reason.expired",
	"revoked":                 "reason.revoked",
	"reported lost or broken": "reason.reported",
	"unknown token":           "reason.unknown-token",
	"not yet valid":           "reason.not-yet-valid",
	"allowed":                 "reason.allowed",
	"paper only":              "reason.paper-only",
	"role":                    "reason.role",
	"own token":               "reason.own-token",
	"own token out of use":    "reason.own-token-out-of-use",
	"own token suspended":     "reason.own-token-suspended",
	"no token":                "reason.no-token",
	"other contract":          "reason.other-contract",
	"not suspended":           "reason.not-suspended",
	"too soon":                "reason.too-soon",
	"not offered":             "reason.not-offered",
	"out of time":             "reason.out-of-time",
	"activation locked":       "reason.activation-locked",
	"must wait":               "reason.must-wait",
	"wrong password":          "reason.wrong-password",
	"unknown user":            "reason.unknown-user",
	"not possible":            "reason.not-possible",
}

// actOptions are the acts of the audit log to choose among: the operations first.
func actOptions() []option {
	all := []option{{Label: say("audit.any")}}
	for _, op := range validator.Operations() {
		all = append(all, option{Value: op.String(), Label: say("op." + slug(op))})
	}
	for _, a := range deskActs {
		all = append(all, option{Value: a.act, Label: say(a.key)})
	}
	return all
}

// act returns the words for an act of the audit log. One that is not known, from a
// newer server on the same database, stands as it is.
func (c catalog) act(act string) (string, error) {
	for _, op := range validator.Operations() {
		if op.String() == act {
			return c.text("op." + slug(op))
		}
	}
	i := slices.IndexFunc(deskActs, func(a struct{ act, key string }) bool { return a.act == act })
	if i < 0 {
		return act, nil
	}
	return c.text(deskActs[i].key)
}

// reason returns the words for a reason of the audit log, like act.
func (c catalog) reason(reason string) (string, error) {
	key, ok := reasonKeys[reason]
	if !ok {
		return reason, nil
	}
	return c.text(key)
}
