// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/doctor"
	"github.com/d204ef64/fob/serialproto/port"
)

func newDoctorCmd(a *app) *cobra.Command {
	var ports []string
	cmd := &cobra.Command{
		Use:   "doctor [CHECK…]",
		Short: "Check whether this machine has what fob needs",
		Long: `Check this machine, and print for each problem the command that mends it. The
exit code is 1 if something is wrong. Something optional that is missing, such
as a tool for fob board, does not count. The checks are:

  pty     pseudo-terminals: the limit, and how many are in use
  files   the limit of open files
  tools   programs that fob starts, with the command that needs each
  serial  serial ports: permissions, and programs that use them
  clock   whether the clock is synchronised: chrony, systemd or the kernel
  config  the folder with the key of state folders

Without a name, all checks run. Serial ports are not opened, because that may
reset the board behind one.`,
		Example: `  fob doctor
  fob doctor pty files
  fob doctor serial --port /dev/ttyS0`,
		ValidArgs: doctor.Checks(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.doctor(cmd.Context(), ports, args)
		},
	}
	cmd.Flags().StringArrayVar(&ports, "port", nil, "check the serial port `PATH` as well; can be repeated")
	return cmd
}

// doctorResult is a finding in the output of --json.
type doctorResult struct {
	Check   string `json:"check"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
	Command string `json:"command"`
}

func openPTY() error {
	l, err := port.Listen("pty:")
	if err != nil {
		return err
	}
	return l.Close()
}

func (a *app) doctor(ctx context.Context, ports, checks []string) error {
	config := ""
	if dir, err := os.UserConfigDir(); err == nil {
		config = filepath.Join(dir, "fob")
	}
	results, err := doctor.Machine(config, openPTY, ports...).Run(ctx, checks...)
	if err != nil {
		return err
	}
	wrong := 0
	for _, r := range results {
		text := fmt.Sprintf("%-8s  %-6s  %s\n", r.Outcome, r.Check, plain(r.Detail))
		if r.Command != "" {
			text += strings.Repeat(" ", 18) + "mend it: " + plain(r.Command) + "\n"
		}
		if err := a.print(doctorResult{r.Check, string(r.Outcome), r.Detail, r.Command}, text); err != nil {
			return err
		}
		if r.Outcome == doctor.Wrong {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d findings are wrong", wrong, len(results))
	}
	return nil
}
