// SPDX-License-Identifier: Apache-2.0

package seedfile_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/d204ef64/fob/seedfile"
)

// A file for Duo does not contain the period. The caller must supply it.
func Example() {
	file := "2600124800001,3132333435363738393031323334353637383930\n"
	from, _ := seedfile.FormatByName("duo")
	to, _ := seedfile.FormatByName("entra-csv")

	r, _ := from.NewReader(strings.NewReader(file), seedfile.ReadOptions{})
	_, err := r.Read()
	fmt.Println(err)

	r, _ = from.NewReader(strings.NewReader(file), seedfile.ReadOptions{Step: 60, Digits: 8})
	w, _ := to.NewWriter(os.Stdout, seedfile.WriteOptions{})
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		fmt.Println("lost:", to.Lost(&rec))
		if err := w.Write(&rec); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// duo: line 1: token 2600124800001: period: the file does not contain the period: set it in the options
	// lost: digits
	// upn,serial number,secret key,time interval,manufacturer,model
	// ,2600124800001,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,60,,
}
