// SPDX-License-Identifier: Apache-2.0

// Package validator is the bank: the rules by which it gives out tokens, takes
// their codes, suspends, revokes and replaces them.
//
// This package is the rules alone. It has no clock, no store and no network:
// what it needs comes in as values, what it decides goes out as values, and who
// calls it makes one transaction of reading the state, deciding, and writing the
// new state together with the audit record.
//
//	d, state := validator.Check(settings, tok, state, now, code)
//	switch d.Answer {
//	case validator.Accepted: …
//	}
//
// [Check] decides about one code, [Resync] about a correction at the desk.
// [MayLift], [MayRevoke] and [MayActivate] say who may do what; [Fee],
// [NoticeOn] and their neighbours say what else the bank does.
//
// The rules are numbered [BK01] to [BK20]. They read the Q&A that the bank gives
// its customers in Japanese; the words that a rule reads stand with it, and
// [Rule.Words] has them. Where the text leaves a choice the choice is a field of
// [Settings].
package validator
