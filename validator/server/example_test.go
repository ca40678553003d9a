// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/metrics"
	"github.com/d204ef64/fob/validator/pages"
	"github.com/d204ef64/fob/validator/server"
)

// A program serves a bank until its context ends.
func Example() {
	b, remove, err := banktest.Temporary(context.Background(), bank.SystemClock{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()

	m := metrics.New(metrics.Build{})
	s, err := server.Listen(server.Config{
		Bank:    b,
		API:     httpapi.New(b, httpapi.Options{Metrics: m}),
		Pages:   pages.New(b, pages.Options{}),
		Listen:  "127.0.0.1:0", // a free port
		Hour:    server.DefaultHour,
		Metrics: m,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background()) // signal.NotifyContext in a program
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()

	answer, err := http.Get(s.HTTP() + "/readyz")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %q\n", answer.Status, body)

	stop()
	fmt.Println("stopped:", <-served)
	// Output:
	// 200 OK "ready\n"
	// stopped: <nil>
}
