// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strconv"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows on a terminal how much of a file has been read, unless the results
// also go to the terminal. It returns a reader for the file, and a function that
// removes the bar. The function must be called before other output, and may be called
// repeatedly.
func (a *app) progress(f *os.File, what string) (io.Reader, func()) {
	info, err := f.Stat()
	if !isTerminal(a.stderr) || isTerminal(a.stdout) && a.lists || err != nil || !info.Mode().IsRegular() {
		return f, func() {}
	}
	bars := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	// The total is never reached, so the bar is always removed by the returned
	// function.
	bar := bars.AddBar(info.Size()+1,
		mpb.PrependDecorators(decor.Name(what+" ")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f of % .1f"), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
	return &counted{f, bar}, sync.OnceFunc(func() {
		bar.Abort(true)
		bars.Wait()
	})
}

// counted is a reader that moves the bar.
type counted struct {
	io.Reader
	bar *mpb.Bar
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bar.IncrBy(n)
	return n, err
}

// counterTo shows on a terminal how many of total items are done. It returns the same
// functions as counter.
func (a *app) counterTo(what string, total int64) (show func(done int64), end func()) {
	if !isTerminal(a.stderr) {
		return func(int64) {}, func() {}
	}
	bars := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	// The total is never reached, so the bar is always removed by end.
	bar := bars.AddBar(total+1,
		mpb.PrependDecorators(decor.Name(what+" ")),
		mpb.AppendDecorators(decor.CurrentNoUnit("%d of "+strconv.FormatInt(total, 10)), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
	end = sync.OnceFunc(func() {
		bar.Abort(true)
		bars.Wait()
	})
	a.settle = end
	return bar.SetCurrent, end
}

// counter shows on a terminal how many items are done. show updates the number and end
// removes the display.
func (a *app) counter(what string) (show func(done int64), end func()) {
	if !isTerminal(a.stderr) {
		return func(int64) {}, func() {}
	}
	bars := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	bar := bars.New(0, mpb.SpinnerStyle(), mpb.PrependDecorators(decor.Name(what+" "), decor.CurrentNoUnit("%d")))
	end = sync.OnceFunc(func() {
		bar.Abort(true)
		bars.Wait()
	})
	a.settle = end
	return bar.SetCurrent, end
}
