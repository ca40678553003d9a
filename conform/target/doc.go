// SPDX-License-Identifier: Apache-2.0

// Package target describes servers for package conform in YAML: for each verb, the request
// or command that does it, and how the answers look.
//
//	f, err := target.Parse(text, target.Options{})
//	t, err := f.Open(ctx)
//	defer t.Close()
//	report, err := conform.Run(ctx, t.Target, conform.Options{})
//
// [Preset] returns the descriptions of some well-known servers. [Schema] describes the
// form of the file for editors.
package target
