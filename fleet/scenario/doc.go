// SPDX-License-Identifier: Apache-2.0

// Package scenario runs tests of tokens and servers that are written in YAML: a list of
// steps such as "make a token", "two years pass" and "the server accepts its code".
//
//	s, err := scenario.Parse("drift.yaml", text)
//	result := scenario.Run(ctx, s, scenario.Options{Client: client})
//
// Parse checks the whole file before anything runs. Run drives a fleet over its HTTP
// interface; [NewFleet] makes the fleet that a file describes. [WriteJUnit] reports
// results to a CI server.
package scenario
