// SPDX-License-Identifier: Apache-2.0

// Package validator implements the bank's rules for issuing, checking, suspending,
// revoking and replacing tokens.
//
// The package contains only the rules. It has no clock, store or network: inputs and
// decisions are values. In one transaction, the caller reads the state, calls the rule,
// and writes the new state together with the audit record.
//
//	d, state := validator.Check(settings, tok, state, now, code)
//	switch d.Answer {
//	case validator.Accepted: …
//	}
//
// [Check] decides about one code, and [Resync] about a clock correction at the back
// office. [MayUnlock], [MayRevoke] and [MayActivate] return who may do an operation.
// [Fee], [NoticeOn] and the functions beside them implement the other rules.
//
// The rules are numbered [BK01] to [BK20]. They interpret the Japanese Q&A that the
// bank publishes for its customers. Each rule quotes the words that it interprets, and
// [Rule.Words] returns them. If the text leaves a choice, the choice is a field of
// [Settings].
package validator
