// SPDX-License-Identifier: Apache-2.0

// Package load sends the codes of many tokens to a server: a load test of a login.
//
// Every virtual user has a token of its own. They are the tokens of a fleet, with the
// same seeds and the same clock errors, but no firmware runs for a code: package token
// computes it from the time that the token's crystal shows. Load generators on several
// machines share a fleet key and use ranges of it that do not overlap.
//
//	users, err := load.Users(tokens, 1)
//	report, err := load.Run(ctx, load.Options{Users: users, Target: target, Duration: time.Minute})
//
// Requests are sent at the times of the [Scenario], however long the server takes
// (https://github.com/tsenart/vegeta sends them). A response time counts from the time at
// which its request was due, so a server that blocks is not measured as a fast one.
package load
