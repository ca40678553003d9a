// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// maxSecretFile is the maximum size of a file with a seed, key or password.
const maxSecretFile = 64 << 10

// readSecret reads a small file that holds a secret, or standard input if path is "-".
// It refuses a file to which other users have access.
func (a *app) readSecret(ctx context.Context, what, path string) ([]byte, error) {
	return a.readSmall(ctx, what, path, secretfile.Open)
}

// readPublic reads a small file that need not be secret, or standard input if path is
// "-".
func (a *app) readPublic(ctx context.Context, what, path string) ([]byte, error) {
	return a.readSmall(ctx, what, path, os.Open)
}

func (a *app) readSmall(ctx context.Context, what, path string, open func(string) (*os.File, error)) ([]byte, error) {
	r := a.stdin
	if path == "-" {
		if err := a.takeStdin(); err != nil {
			return nil, err
		}
	} else {
		f, err := openWith(ctx, path, open)
		if err != nil {
			return nil, openError("reading the "+what, path, err)
		}
		defer f.Close()
		a.reads(f)
		r = f
	}
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // in a goroutine, because Ctrl-C does not interrupt a read from a terminal
		text, err := io.ReadAll(io.LimitReader(r, maxSecretFile+1))
		done <- result{text, err}
	}()
	select {
	case got := <-done:
		if got.err != nil {
			return nil, usagef("reading the %s: %w", what, got.err)
		}
		if len(got.text) > maxSecretFile {
			return nil, usagef("reading the %s: %s is larger than %d bytes", what, source(path), maxSecretFile)
		}
		return got.text, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("reading the %s: %w", what, ctx.Err())
	}
}

// takeStdin returns an error if standard input has been read before.
func (a *app) takeStdin() error {
	if a.stdinTaken {
		return usagef("standard input is used twice: it can be read only once")
	}
	a.stdinTaken = true
	a.reads(a.stdin)
	return nil
}

// openWith opens a file. It ends with ctx, also while a named pipe has no writer.
func openWith(ctx context.Context, path string, open func(string) (*os.File, error)) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result, 1)
	go func() {
		f, err := open(path)
		done <- result{f, err}
	}()
	select {
	case r := <-done:
		return r.file, r.err
	case <-ctx.Done():
		go func() { // a writer may come before this process has ended
			if r := <-done; r.err == nil {
				_ = r.file.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// openError returns the error of openWith, for a file that a command needs.
func openError(doing, path string, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return usagef("%s: %w", doing, hideSeed(path, err))
}

// hideSeed returns the error of a file that cannot be opened. If the file name looks like
// a seed, the error does not contain it.
func hideSeed(path string, err error) error {
	if isSeed(path) {
		return errors.New("want a file or -, not the secret itself: other users can see arguments")
	}
	return err
}

// interruptible is a reader that ends with ctx, unlike a pipe.
type interruptible struct {
	ctx  context.Context
	r    io.Reader
	buf  [64 << 10]byte
	rest []byte
}

func (i *interruptible) Read(p []byte) (int, error) {
	if len(i.rest) > 0 {
		n := copy(p, i.rest)
		i.rest = i.rest[n:]
		return n, nil
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := i.r.Read(i.buf[:])
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		i.rest = i.buf[:r.n]
		if r.n > 0 {
			return i.Read(p) // the error will be returned again
		}
		return 0, r.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}

// source returns the name of a file for a message.
func source(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// readSeed reads a seed in hex or base32 from a file, or from standard input if path is
// "-". If short is set, seeds of 10 bytes and more are allowed.
func (a *app) readSeed(ctx context.Context, path string, short bool) (token.Seed, error) {
	if isSeed(path) {
		if _, err := os.Stat(path); err != nil { // the error contains the path
			return token.Seed{}, usagef("--seed-file: want a file or -, not the seed itself: other users can see arguments")
		}
	}
	text, err := a.readSecret(ctx, "seed", path)
	if err != nil {
		return token.Seed{}, err
	}
	defer clear(text)
	if len(bytes.TrimSpace(text)) == 0 {
		return token.Seed{}, usagef("reading the seed: %s is empty", source(path))
	}
	parse := token.ParseSeed
	if short {
		parse = token.ParseShortSeed
	}
	seed, err := parse(string(bytes.TrimSpace(text)))
	if err != nil {
		return token.Seed{}, usagef("reading the seed from %s: %w", source(path), err)
	}
	if seed.Len() < token.MinSeedLen {
		a.warnf("the seed has only %d bytes: RFC 4226 requires %d", seed.Len(), token.MinSeedLen)
	}
	return seed, nil
}

// isSeed reports whether text looks like a seed, even if the length is wrong.
func isSeed(text string) bool {
	seed, err := token.ParseSeed(text)
	seed.Destroy()
	return err == nil || errors.Is(err, token.ErrSeedLength) && len(text) >= 16
}

// stationKey reads a private station key. If path is empty, it returns the published
// test key.
func (a *app) stationKey(ctx context.Context, path string) (host.StationKey, error) {
	if path == "" {
		return host.InsecureTestStationKey(), nil
	}
	text, err := a.readSecret(ctx, "station key", path)
	if errors.Is(err, secretfile.ErrMode) {
		if _, e := a.stationPublicKey(ctx, path); e == nil { // the file is the .pub file, which is not secret
			text, err = a.readPublic(ctx, "station key", path)
		}
	}
	if err != nil {
		return host.StationKey{}, err
	}
	defer clear(text)
	key, err := host.ParseStationKey(string(text))
	if err != nil {
		return host.StationKey{}, usagef("reading the station key from %s: %w", source(path), err)
	}
	return key, nil
}

// stationPublicKey reads a public station key. If path is empty, it returns the public
// key of the published test key.
func (a *app) stationPublicKey(ctx context.Context, path string) (host.PublicKey, error) {
	if path == "" {
		return host.InsecureTestStationKey().Public(), nil
	}
	text, err := a.readPublic(ctx, "station key", path)
	if err != nil {
		return host.PublicKey{}, err
	}
	key, err := host.ParsePublicKey(string(text))
	if err != nil {
		return host.PublicKey{}, usagef("reading the station key from %s: %w", source(path), err)
	}
	return key, nil
}

// portPassword reads the password of ports beyond loopback. It returns "" if path is
// empty.
func (a *app) portPassword(ctx context.Context, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := a.readSecret(ctx, "password", path)
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(text))
	if password == "" {
		return "", usagef("reading the password: %s is empty", source(path))
	}
	return password, nil
}

// stateKey reads the key that encrypts state folders. If path is empty, the key is in
// the user's configuration folder, away from the state that it protects, and is
// generated on first use. A new key cannot open a state folder that holds a fleet.
func stateKey(path, state string) (*age.X25519Identity, error) {
	made := path == ""
	if made {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, usagef("finding the key of state folders: %w: name a file with --state-key", err)
		}
		path = filepath.Join(dir, "fob", "state.key")
	}
	text, err := secretfile.Read(path)
	if errors.Is(err, os.ErrNotExist) && made {
		stored, err := fleet.Stored(state)
		if err != nil {
			return nil, usagef("opening the state folder: %w", err)
		}
		if stored {
			return nil, usagef("reading the key of state folders: %s is missing, and %s cannot be read without it: "+
				"put the key back, name it with --state-key, or name another folder", path, state)
		}
		return newStateKey(path)
	}
	if err != nil {
		return nil, usagef("reading the key of state folders: %w", err)
	}
	defer clear(text)
	for line := range strings.Lines(string(text)) { // age-keygen writes comments above the key
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if key, err := age.ParseX25519Identity(line); err == nil {
			return key, nil
		}
		break // the library's error may quote the key
	}
	return nil, usagef("reading the key of state folders: %s does not contain an age X25519 identity: create one with age-keygen", path)
}

func newStateKey(path string) (*age.X25519Identity, error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the key of state folders: %w", err)
	}
	if err := writeNew(path, []byte(key.String()+"\n"), 0o600); err != nil {
		return nil, err
	}
	return key, nil
}

// parseTime parses a time that is "now", in RFC 3339 format, or @ followed by Unix
// seconds.
func parseTime(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if seconds, ok := strings.CutPrefix(text, "@"); ok {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil || n < -1<<40 || n > 1<<40 {
			return time.Time{}, usagef("time %q: want Unix seconds after @", text)
		}
		return time.Unix(n, 0).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usagef("time %q: want now, RFC 3339 such as 2026-11-22T15:04:05Z, or @UNIXSECONDS", text)
	}
	return t, nil
}
