// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/d204ef64/fob/token"
)

// readAESKey reads a key in hex. If path is empty, it returns nil.
func (a *app) readAESKey(ctx context.Context, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := a.readSecret(ctx, "key", path)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	seed, err := token.ParseSeedHex(string(bytes.TrimSpace(text))) // its error does not quote the key
	if err != nil {
		return nil, usagef("reading the key from %s: want 32, 48 or 64 hexadecimal digits", source(path))
	}
	defer seed.Destroy()
	switch seed.Len() {
	case 16, 24, 32:
		return seed.Bytes(), nil
	}
	return nil, usagef("reading the key from %s: want 16, 24 or 32 bytes, got %d", source(path), seed.Len())
}

// readPassword reads the first line of a file. If path is empty, it returns nil.
func (a *app) readPassword(ctx context.Context, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := a.readSecret(ctx, "password", path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // a byte order mark is not part of the password
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, usagef("reading the password from %s: want one line that is not empty", source(path))
	}
	return line, nil
}

// askPassword prompts for a password on the terminal, twice for a new one.
func (a *app) askPassword(ctx context.Context, what string, twice bool) ([]byte, error) {
	return a.askOr(ctx, what, "name its file with a flag (see --help), or run this on a terminal", twice)
}

// passwordTries is the number of attempts to enter a new password twice alike.
const passwordTries = 3

// askOr prompts on the terminal. If there is none, the error contains advice.
func (a *app) askOr(ctx context.Context, what, advice string, twice bool) ([]byte, error) {
	tty, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return nil, usagef("the %s is needed: %s", what, advice)
	}
	for try := 1; ; try++ {
		first, err := a.ask(ctx, tty, what)
		if err != nil {
			return nil, err
		}
		if len(first) == 0 {
			return nil, usagef("the %s is empty", what)
		}
		if !twice {
			return first, nil
		}
		again, err := a.ask(ctx, tty, "repeat")
		if err != nil {
			clear(first)
			return nil, err
		}
		same := bytes.Equal(first, again)
		clear(again)
		if same {
			return first, nil
		}
		clear(first)
		if try == passwordTries {
			return nil, usagef("the %s: the two entries differ, %d times", what, try)
		}
		a.warnf("the two entries differ: type the %s again", what)
	}
}

// ask reads a line without echo. When ctx ends, it restores the echo of the terminal.
func (a *app) ask(ctx context.Context, tty *os.File, prompt string) ([]byte, error) {
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(a.stderr, "%s: ", prompt)
	defer fmt.Fprintln(a.stderr)
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // in a goroutine, because Ctrl-C does not interrupt a read from a terminal
		line, err := term.ReadPassword(int(tty.Fd()))
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), term.Restore(int(tty.Fd()), before))
	}
}
