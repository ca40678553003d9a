// SPDX-License-Identifier: Apache-2.0

// Package mail sends the bank's e-mails: the notice that a token expires (BK-13).
//
//	s, err := mail.NewSMTP(mail.SMTP{
//		Letters: mail.Letters{From: "例示銀行 <otp@bank.example>"}, Addr: "mail.bank.example:587",
//	})
//	report, err := b.Daily(ctx, s)
//
// [SMTP] hands messages to a mail server, [Folder] writes them into a folder, for
// try-outs. What a letter says is in templates/, in Japanese and English.
//
// A message is never sent twice by itself. Its Message-ID is made of the notice's
// ID, so that one that a clerk sends again can be told by the mailbox; and an
// error says what is known of it: [bank.ErrMailRefused], [bank.ErrMailLater], or
// neither of them where the connection broke before the server's answer.
package mail
