// SPDX-License-Identifier: Apache-2.0

// Package server runs a bank: it listens for HTTP and RADIUS, does the daily job,
// counts for Prometheus, and stops in the right order.
//
//	s, err := server.Listen(server.Config{Bank: b, API: api, Pages: pages})
//	fmt.Println(s.HTTP())            // where it listens
//	err = s.Serve(ctx)               // until ctx ends
//
// Everything listens on loopback unless told otherwise; HTTP beyond loopback
// demands a certificate. When the context ends nothing new is taken, what was
// begun is finished within [Config.Patience], and the daily job stops between two
// e-mails. The bank and its store are the caller's to close, afterwards.
package server
