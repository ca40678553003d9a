// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/d204ef64/fob/serialproto/port"
)

// A virtual token that echoes, and a host that talks to it.
func Example() {
	ctx := context.Background()
	l, err := port.Listen("tcp:127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() {
		token, err := l.Accept(ctx)
		if err != nil {
			return
		}
		defer token.Close()
		_, _ = io.Copy(token, token)
	}()

	host, err := port.Open(ctx, l.Addr())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close()
	_ = host.SetReadDeadline(time.Now().Add(5 * time.Minute))
	_, _ = host.Write([]byte("ping"))
	answer := make([]byte, 4)
	if _, err := io.ReadFull(host, answer); errors.Is(err, os.ErrDeadlineExceeded) {
		fmt.Println("no answer")
		return
	}
	fmt.Printf("%s\n", answer)
	// Output: ping
}

func ExampleParseAddr() {
	_, err := port.ParseAddr("tcp:localhost")
	fmt.Println(err)
	// Output: parsing address "tcp:localhost": bad address: missing port in address; want tcp:HOST:PORT
}
