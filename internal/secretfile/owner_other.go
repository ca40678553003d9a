// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package secretfile

import "io/fs"

// enforced reports whether file modes restrict who may use a file.
const enforced = false

func ofRoot(fs.FileInfo) bool { return false }
