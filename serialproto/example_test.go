// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"fmt"

	"github.com/d204ef64/fob/serialproto"
)

// A host finds the answer to "mcumgr echo hello" between the lines of a log.
func ExampleDeframer() {
	received := "I: booting\r\n\x06\x09ABMDAAAJAAAEAKFhcmVoZWxsb/KU\nI: idle\r\n"

	var d serialproto.Deframer
	for _, b := range []byte(received) {
		message := d.Feed(b, 0)
		if message == nil {
			continue
		}
		header, _ := serialproto.ParseHeader(message)
		body := serialproto.NewDecoder(message[serialproto.HeaderSize:])
		pairs := body.Map()
		for body.Next(&pairs) {
			fmt.Println(header.Op == serialproto.OpWriteResponse, body.Text(), body.Text())
		}
	}
	// Output: true r hello
}

// A device answers the requests on its line, and never waits.
func ExampleServer() {
	line := &fakeLine{in: []byte("\x06\x09AAsAAAABAAH3AKDgPA==\n")} // mcumgr image list
	var server serialproto.Server
	server.Step(line, newDevice())
	fmt.Printf("%q\n", line.out)
	// Output: "\x06\tAA8BAAAFAAH3AKFicmMIq4o=\n"
}
