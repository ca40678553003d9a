// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/d204ef64/fob/line"
)

// lineDisplay shows the events of a station: on a terminal in place, otherwise as lines.
type lineDisplay struct {
	app    *app
	view   *line.View
	cancel func(error) // ends the run

	terminal bool
	changed  chan struct{} // has a value while the screen is out of date
	quit     chan struct{}
	drawing  sync.WaitGroup
	restore  func() error // of the terminal's mode; nil: unchanged

	pages string // address of the pages; "" for none

	in    io.Reader // labels; nil: none are read
	taken func(number int, scanned string) error

	mu     sync.Mutex // guards the fields below
	typed  string
	answer string // to the last line that was typed
	news   string // about the shared ledger
}

func (a *app) lineDisplay(v *line.View, cancel func(error)) *lineDisplay {
	return &lineDisplay{
		app: a, view: v, cancel: cancel, terminal: isTerminal(a.stdout) && !a.json,
		changed: make(chan struct{}, 1), quit: make(chan struct{}),
	}
}

// announce shows the address of the pages, before start. A terminal shows it all the time.
func (d *lineDisplay) announce(p *linePages) error {
	if d.terminal {
		d.pages = p.text()
		return nil
	}
	return d.app.announcePages(p)
}

// takeLabels makes the display read the labels that people scan or type.
func (d *lineDisplay) takeLabels(in io.Reader, taken func(int, string) error) {
	d.in, d.taken = in, taken
}

// event shows an event, which is in the view already.
func (d *lineDisplay) event(e line.Event) {
	var err error
	switch {
	case d.app.json:
		err = jsonLine(d.app.stdout, e)
	case d.terminal:
		d.redraw()
	default:
		status := d.view.Status()
		if row := lineRow(&status, e); row != "" {
			_, err = io.WriteString(d.app.stdout, row+"\n")
		}
	}
	if err != nil {
		d.cancel(fmt.Errorf("writing the events: %w", err))
	}
}

// notice shows news about the shared ledger.
func (d *lineDisplay) notice(text string) {
	if !d.terminal {
		d.app.warnf("%s", text)
		return
	}
	d.mu.Lock()
	d.news = text
	d.mu.Unlock()
	d.redraw()
}

func (d *lineDisplay) redraw() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// start begins to show the station, and to read labels.
func (d *lineDisplay) start() error {
	raw := false
	if f, ok := d.in.(*os.File); ok && d.terminal && term.IsTerminal(int(f.Fd())) {
		before, err := term.MakeRaw(int(f.Fd()))
		if err != nil {
			return fmt.Errorf("preparing the terminal: %w", err)
		}
		raw = true
		d.restore = func() error { return term.Restore(int(f.Fd()), before) }
		go d.keys(f)
	} else if d.in != nil {
		go d.lines()
	}
	if d.terminal {
		fmt.Fprint(d.app.stdout, terminalOn)
		d.drawing.Go(func() { d.draw(raw) })
	}
	return nil
}

// stop ends the display, and restores the terminal.
func (d *lineDisplay) stop() (err error) {
	close(d.quit)
	d.drawing.Wait()
	if d.terminal {
		_, err = fmt.Fprint(d.app.stdout, terminalOff)
	}
	if d.restore != nil {
		err = errors.Join(err, d.restore())
	}
	return err
}

// draw redraws the screen when something has changed.
func (d *lineDisplay) draw(raw bool) {
	resized, stop := onResize()
	defer stop()
	show := screen{w: d.app.stdout, raw: raw}
	p := painter(colours(d.app.stdout))
	for {
		columns, _ := terminalSize(d.app.stdout)
		status := d.view.Status()
		frame := lineFrame(&status, columns, p) + "\n"
		if d.pages != "" {
			frame = d.pages + "\n" + frame
		}
		if err := show.draw(frame + d.prompt()); err != nil {
			d.cancel(fmt.Errorf("drawing: %w", err))
			return
		}
		select { // at most so many frames a second
		case <-d.quit:
			return
		case <-time.After(refreshInterval):
		}
		select {
		case <-d.quit:
			return
		case <-d.changed:
		case <-resized:
		}
	}
}

// prompt is the last line of the screen.
func (d *lineDisplay) prompt() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	news := ""
	if d.news != "" {
		news = plain(d.news) + "\n"
	}
	if d.in == nil {
		return news + "Ctrl-C stops the line."
	}
	text := "Scan a label, or enter the number of a port: " + d.typed + "_"
	if d.answer != "" {
		text = plain(d.answer) + "\n" + text
	}
	return news + text + "   (Ctrl-C stops the line)"
}

// lines reads labels from a pipe or a terminal that is not drawn on.
func (d *lineDisplay) lines() {
	s := bufio.NewScanner(d.in)
	for s.Scan() {
		if err := d.label(s.Text()); err != nil {
			d.app.warnf("%v", err)
		}
	}
}

// keys reads labels from a terminal in raw mode.
func (d *lineDisplay) keys(in io.Reader) {
	r := bufio.NewReader(in)
	for {
		c, _, err := r.ReadRune()
		if err != nil {
			return
		}
		d.key(c)
		d.redraw()
	}
}

// maxTyped is the longest line that a person types or scans.
const maxTyped = 40

func (d *lineDisplay) key(c rune) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case c == 3: // Ctrl-C
		d.cancel(nil)
	case c == '\r' || c == '\n':
		text := d.typed
		d.typed, d.answer = "", ""
		if strings.TrimSpace(text) == "" {
			return
		}
		if err := d.label(text); err != nil {
			d.answer = err.Error()
		}
	case c == 8 || c == 127:
		if n := len(d.typed); n > 0 {
			d.typed = d.typed[:n-1]
		}
	case c > ' ' && c < 127 && len(d.typed) < maxTyped:
		d.typed += string(c)
	}
}

// label confirms a label: the number of its port, or the serial number that was scanned.
func (d *lineDisplay) label(text string) error {
	number, scanned := line.ParseLabel(text)
	if number == 0 && scanned == "" {
		return nil
	}
	return d.taken(number, scanned)
}

// lineSummary prints how a run ended. With --json, the events have it.
func (a *app) lineSummary(v *line.View) error {
	if a.json {
		return nil
	}
	status := v.Status()
	return a.print(nil, lineResult(&status))
}
