// SPDX-License-Identifier: Apache-2.0

// Package bank is the bank's service. It applies the rules of package validator to the
// data in the store, in one transaction, and writes an audit record.
//
// It is the only entry point. The HTTP interface, RADIUS, the pages and the command are
// interfaces on top of it: they authenticate the caller, call a method of [Bank] and
// present the outcome.
//
//	b, err := bank.Open(ctx, db, vault, bank.Options{})
//	out, err := b.Do(ctx, bank.By{User: "alice", Channel: "page"}, bank.Request{
//		Operation: validator.OpTransfer, Code: "123456",
//	})
//	if out.Done { … }
//
// An error means that nothing was decided. It is of type [*Error] if the caller can act
// on it. A refusal is not an error but an [Outcome].
package bank
