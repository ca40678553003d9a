// SPDX-License-Identifier: Apache-2.0

package printer_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/line/printer"
)

// A folder is a printer for tests, and for labels that are printed elsewhere.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "labels")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	p, err := printer.Open("file:" + dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	job := printer.Job{Name: "2600124800001", Format: printer.ZPL, Data: []byte("^XA^FDlabel^FS^XZ")}
	if err := p.Print(context.Background(), job); err != nil {
		fmt.Println(err)
		return
	}
	files, _ := os.ReadDir(dir)
	fmt.Println(filepath.Base(files[0].Name()))
	// Output: 2600124800001.zpl
}
