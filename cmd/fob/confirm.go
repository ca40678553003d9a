// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/d204ef64/fob/internal/errclass"
)

var errDeclined = errclass.New(errclass.Refused, "the answer was not yes: nothing was changed")

// confirm asks a question on the terminal. Any answer but yes is an error, and so is a
// missing terminal: scripts use --yes.
func (a *app) confirm(ctx context.Context, question string) error {
	tty, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return usagef("this needs an answer on a terminal: %s Or give --yes", question)
	}
	fmt.Fprintf(a.stderr, "%s Type yes: ", plain(question))
	answer := make(chan string, 1)
	go func() { // in a goroutine, because Ctrl-C does not interrupt a read from a terminal
		line, _ := bufio.NewReader(tty).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if strings.EqualFold(strings.TrimSpace(line), "yes") {
			return nil
		}
		return errDeclined
	case <-ctx.Done():
		return ctx.Err()
	}
}
