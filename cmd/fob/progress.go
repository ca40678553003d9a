// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows on a terminal how much of a file has been read. It returns
// what to read from, and what to call at the end.
func (a *app) progress(f *os.File, what string) (io.Reader, func()) {
	info, err := f.Stat()
	if !isTerminal(a.stderr) || err != nil || !info.Mode().IsRegular() {
		return f, func() {}
	}
	bars := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	bar := bars.AddBar(info.Size(),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(what+" ")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f of % .1f"), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
	return &counted{f, bar}, func() {
		bar.Abort(true)
		bars.Wait()
	}
}

// counted moves the bar.
type counted struct {
	io.Reader
	bar *mpb.Bar
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bar.IncrBy(n)
	return n, err
}
