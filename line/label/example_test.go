// SPDX-License-Identifier: Apache-2.0

package label_test

import (
	"fmt"
	"strings"

	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/token"
)

func exampleLabel() label.Label {
	serial, _ := token.ParseSerial("2600124800001")
	expiry, _ := token.ParseExpiry("2031-11-30")
	return label.Label{Serial: serial, Expiry: expiry, Model: "Fob 6", Customer: "ACME Bank", Port: 7}
}

// A label for a printer of 203 dots per inch.
func ExampleTemplate_ZPL() {
	tmpl, err := label.TemplateByName("back-38x13")
	if err != nil {
		fmt.Println(err)
		return
	}
	zpl, err := tmpl.ZPL(exampleLabel(), label.ZPLOptions{DPI: 203})
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(string(zpl)) {
		if strings.Contains(line, "^FD") {
			fmt.Print(line)
		}
	}
	// Output:
	// ^FO29,5^BY2,3,10^BCN,43,N,N,N,A^FH_^FD2600124800001^FS
	// ^FO4,51^A0N,22,22^FB296,1,0,C,0^FH_^FD2600124800001^FS
	// ^FO8,78^A0N,19,19^FH_^FDEXP 11/30/31^FS
	// ^FO228,78^A0N,19,19^FB68,1,0,R,0^FH_^FD#7^FS
}

// A template of one's own, checked before the first token is made.
func ExampleTemplate_Check() {
	tmpl, err := label.ParseTemplate("order A-17", `
size 30 15
text 1 1 28 3 {customer}
qr 9 4 11 {serial}
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	l := exampleLabel()
	fmt.Println(tmpl.Check(l, 203))
	l.Customer = "The Honourable ACME Bank"
	fmt.Println(tmpl.Check(l, 203))
	// Output:
	// <nil>
	// the label cannot be printed: serial number 2600124800001, template order A-17, line 3: the text "The Honourable ACME Bank" is 40.7 mm wide, but there is room for 28 mm: use a shorter text, a smaller font or a wider field
}
