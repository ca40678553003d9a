// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"fmt"
)

// whyUnknown tells of a file that no format knows by its beginning what a person
// can do about it, nil where nothing is to be seen.
func whyUnknown(head []byte) error {
	for _, mark := range []string{"\xfe\xff", "\xff\xfe", "\x00<", "<\x00", "\x00\x00"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			return fmt.Errorf("%w: the file is UTF-16 or UTF-32: save it as UTF-8", ErrFormat)
		}
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.IndexByte(first, ';') >= 0 && bytes.IndexByte(first, ',') < 0 && bytes.IndexByte(first, '<') < 0 {
		return fmt.Errorf("%w: the columns are parted by semicolons, as some spreadsheets do: save the file with commas, or name its format", ErrFormat)
	}
	return nil
}
