// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/demo"
	"github.com/d204ef64/fob/validator/bank"
)

// maxDemoTokens limits the tokens of a demo: the bank's hash of a password takes long.
const maxDemoTokens = 1000

// demoLine shows a provisioning line.
func (a *app) demoLine(ctx context.Context, tokens, ports int) error {
	switch {
	case tokens < 1 || tokens > maxDemoTokens:
		return usagef("--tokens %d: want 1 to %d", tokens, maxDemoTokens)
	case ports < 1 || ports > maxPorts:
		return usagef("--ports %d: want 1 to %d", ports, maxPorts)
	}
	show := &lineDemoView{app: a, paint: painter(colours(a.stdout)), live: isTerminal(a.stdout) && !a.json}
	if err := show.print("A provisioning line, from a signed order to the bank\n\n"); err != nil {
		return err
	}
	r, err := demo.Line(ctx, demo.LineOptions{
		Tokens: tokens, Ports: ports, Show: show.progress,
		Import: func(ctx context.Context, b *bank.Bank, by bank.By, file, keyFile, contract string) (int, error) {
			in := seedsInput{keyFile: keyFile, keyFlag: "seed-key-file", algorithm: "sha1", unique: true}
			r, err := a.importSeeds(ctx, &openBank{Bank: b, by: by}, &in, file, bank.ImportOptions{Contract: contract})
			return r.Tokens, err
		},
	})
	if err := show.end(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return a.print(r, fmt.Sprintf("\n%d tokens from blank to logged in, in %.1f s\n", r.LoggedIn, r.Seconds))
}

// lineDemoView prints a line for each step. On a terminal, the line of the present step
// shows its progress.
type lineDemoView struct {
	app   *app
	paint painter
	live  bool

	mu     sync.Mutex // guards the fields below
	partly bool       // the cursor is on the line of the present step
	drawn  time.Time
	err    error
}

// print writes text, unless the result is an object.
func (v *lineDemoView) print(text string) error {
	if v.app.json {
		return nil
	}
	return v.app.print(nil, text)
}

// progress shows the progress of a step.
func (v *lineDemoView) progress(p demo.LineProgress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil || !p.Over && (!v.live || time.Since(v.drawn) < refreshInterval) {
		return
	}
	row := fmt.Sprintf("  %s %s  ", v.paint.paint(green, "✓"), v.paint.paint(bold, fmt.Sprintf("%-9s", p.Step)))
	if p.Over {
		row += p.Detail + "\n"
	} else {
		row = fmt.Sprintf("    %s  %s  %d of %d", v.paint.paint(bold, fmt.Sprintf("%-9s", p.Step)), bar(int64(p.Done), int64(p.All), barWidth), p.Done, p.All)
	}
	if v.partly {
		row = "\r\x1b[K" + row
	}
	v.partly, v.drawn = !p.Over, time.Now()
	v.err = v.print(row)
}

// barWidth is the width of a bar in a line of text.
const barWidth = 40

// end leaves the line of a step that did not end, and returns the error of writing.
func (v *lineDemoView) end() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err == nil && v.partly {
		v.err = v.print("\n")
	}
	return v.err
}
