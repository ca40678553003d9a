// SPDX-License-Identifier: Apache-2.0

// Package bank is the bank's service: what the rules of package validator decide,
// done to what the store remembers, in one transaction, with an audit record.
//
// It is the one way in. The HTTP interface, RADIUS, the pages and the command
// are fronts: they find out who asks, call a method of [Bank] and say the outcome
// in their own words.
//
//	b, err := bank.Open(ctx, db, vault, bank.Options{})
//	out, err := b.Do(ctx, bank.By{User: "alice", Front: "page"}, bank.Request{
//		Operation: validator.OpTransfer, Code: "123456",
//	})
//	if out.Done { … }
//
// An error says that nothing was decided, and is of type [*Error] when the caller
// can do something about it; a refusal is no error but an [Outcome].
package bank
