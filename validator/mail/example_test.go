// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"context"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/mail"
)

// A trial writes the notices into a folder. Pass the result of [mail.NewSMTP] instead
// to send them. The daily job ([bank.Bank.Daily]) calls SendExpiry for each notice.
func ExampleNewFolder() {
	dir, err := os.MkdirTemp("", "mails-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sender, err := mail.NewFolder(dir, mail.Letters{
		From: "Example Bank <otp@bank.example>",
		Now:  func() time.Time { return time.Date(2031, 2, 28, 3, 0, 0, 0, time.UTC) }, // omit this in production
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	expiry, err := token.NewExpiry(2031, 3, 31)
	if err != nil {
		fmt.Println(err)
		return
	}
	serial, err := token.ParseSerial("2600124800001")
	if err != nil {
		fmt.Println(err)
		return
	}
	notice := bank.ExpiryMail{
		ID: "01956a3e-0000-7000-8000-000000000001", To: "alice@customer.example", Language: bank.English,
		Customer: "Example Trading", Serial: serial, Expiry: expiry, From: expiry, By: expiry,
	}
	if err := sender.SendExpiry(context.Background(), notice); err != nil {
		fmt.Println(err)
		return
	}

	file, err := os.Open(filepath.Join(dir, notice.ID+".eml"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = file.Close() }()
	message, err := netmail.ReadMessage(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"To", "Subject", "Date", "Message-Id"} {
		fmt.Println(name+":", message.Header.Get(name))
	}
	// Output:
	// To: <alice@customer.example>
	// Subject: Your hardware token expires soon
	// Date: Fri, 28 Feb 2031 12:00:00 +0900
	// Message-Id: <01956a3e-0000-7000-8000-000000000001@bank.example>
}
