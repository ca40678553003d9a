// SPDX-License-Identifier: Apache-2.0

// Package conform judges servers that check the codes of 60-second hardware tokens. Its
// cases are the requirements of RFC 4226, RFC 6238, NIST SP 800-63B-4 and a bank's rules,
// each with its exact source, the harm that it prevents, and the steps that test it.
//
//	report, err := conform.Run(ctx, target, conform.Options{Seed: 1})
//	for _, r := range report.Results {
//		fmt.Println(r.ID, r.Outcome, r.Detail)
//	}
//
// A [Target] is a set of verbs, such as import, check and unlock. A case whose verbs a
// target lacks is N/A and names them. It never passes.
//
// # Time
//
// A case uses the target's time. If the target has the verb clock, the case moves its
// clock. Otherwise the case computes the codes that a token shows with its clock ahead or
// behind, and only a few cases must wait ([Case.Wait]). They run beside the others. All
// requests whose answers depend on each other are sent in one step of the tokens. If a
// step ends before them, the case begins again with new tokens.
//
// # Chance
//
// Seeds, serial numbers and wrong codes come from [Options.Seed]. Tokens whose codes
// repeat within an hour are not used, so a case never depends on luck.
//
// Package conform/target describes targets in YAML, conform/report writes reports, and
// conform/mutant has a server with a switch for each mistake that the cases find.
package conform
