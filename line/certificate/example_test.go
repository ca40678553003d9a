// SPDX-License-Identifier: Apache-2.0

package certificate_test

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/d204ef64/fob/line/certificate"
	"github.com/d204ef64/fob/token"
)

// The same batch gives the same document, so its digest can be listed.
func ExampleBatch_PDF() {
	first, _ := token.ParseSerial("2600124800001")
	last, _ := token.ParseSerial("2600124800100")
	b := certificate.Batch{
		Order: "A-17", Customer: "ACME Bank", Model: "Fob 6",
		Created: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
		First:   first, Last: last, Ordered: 100, Made: 100,
	}
	one, err := b.PDF(certificate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	two, _ := b.PDF(certificate.Options{})
	fmt.Println(sha256.Sum256(one) == sha256.Sum256(two))

	b.Customer = "みずほ銀行"
	_, err = b.PDF(certificate.Options{})
	fmt.Println(err)
	// Output:
	// true
	// writing the certificate of order A-17: the font lacks characters of the text: 'み' in "みずほ銀行" is not in the built-in font of PDF documents: give a TrueType font that has it
}
