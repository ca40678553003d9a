// SPDX-License-Identifier: Apache-2.0

// Package mail sends the bank's e-mails: the notice that a token will expire (BK-13).
//
//	s, err := mail.NewSMTP(mail.SMTP{
//		Letters: mail.Letters{From: "例示銀行 <otp@bank.example>"}, Addr: "mail.bank.example:587",
//	})
//	report, err := b.Daily(ctx, s)
//
// [SMTP] configures a sender that hands messages to a mail server. [Folder] writes
// messages into a folder, for trials. The texts of the letters are in templates/, in
// Japanese and English.
//
// The package never sends a message twice on its own. The Message-ID is derived from
// the notice's ID, so a mailbox can recognise a message that a clerk sends again. An
// error tells whether a retry is safe: it is [bank.ErrMailRefused],
// [bank.ErrMailLater], or neither of them if the connection broke before the server's
// answer.
package mail
