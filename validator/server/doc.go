// SPDX-License-Identifier: Apache-2.0

// Package server runs the reference validation server. It listens for HTTP and RADIUS,
// runs the daily job, counts for Prometheus, and shuts everything down in order.
//
//	s, err := server.Listen(server.Config{Bank: b, API: api, Pages: pages})
//	fmt.Println(s.HTTP())            // where it listens
//	err = s.Serve(ctx)               // until ctx ends
//
// All listeners use loopback by default. HTTP beyond loopback requires a certificate.
//
// When the context ends, the server accepts no new work and finishes the work in
// progress within [Config.Patience]. The daily job stops between two e-mails. The
// caller must close the bank and its store afterwards.
package server
