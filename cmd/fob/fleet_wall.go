// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/fleet/wall"
)

func (f *fleetCmd) wallCmd() *cobra.Command {
	return &cobra.Command{
		Use: "wall", Short: "Show the tokens live in the terminal, with keys to control them", Args: noArgs,
		Long: `Show the faces of the tokens live in the terminal, with their state, battery and
the error of their clocks. The world's clock is always in sight. The arrow keys
select a token:

  p, Enter    press the button      s  advance to the next step
  o           hold it for 6 s       h  advance by an hour
  + and -     skew by a minute      d  advance by a day
  y           age by a year         space  stop the clock, let it run
  PgUp, PgDn  turn the page         /  find a serial number as you type
  Home, End   first or last token   Tab  list or faces
  ?           help                  q  quit

The wall ends with the fleet. If the fleet does not answer, the wall goes on
when it is back.`,
		Example: "  fob fleet wall",
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := f.wall(cmd.Context())
			if errors.Is(err, control.ErrEnded) {
				f.warnf("the fleet has ended")
				return nil
			}
			return err
		},
	}
}

// terminalOn and terminalOff switch to the second screen of a terminal and back.
const (
	terminalOn  = "\x1b[?1049h" + hideCursor
	terminalOff = showCursor + "\x1b[?1049l"
)

func (f *fleetCmd) wall(ctx context.Context) (err error) {
	in, ok := f.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || !isTerminal(f.stdout) {
		return usagef("fob fleet wall needs a terminal: use fob fleet ls or fob fleet events")
	}
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	if err := c.Do(ctx, "GET", "/v1/time", nil, nil); err != nil { // before the screen is changed
		return err
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("preparing the terminal: %w", err)
	}
	fmt.Fprint(f.stdout, terminalOn)
	defer func() {
		fmt.Fprint(f.stdout, terminalOff)
		err = errors.Join(err, term.Restore(int(in.Fd()), before))
	}()
	resized, stop := onResize()
	defer stop()
	show := screen{w: f.stdout, raw: true}
	return wall.Run(ctx, wall.Options{
		Client: c, Keys: in, Resized: resized, Draw: show.draw, Colour: colours(f.stdout),
		Size: func() (columns, rows int) { return terminalSize(f.stdout) },
	})
}
