// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package demo

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// importFile imports a seed file into the bank. Change may change or leave out a record.
func importFile(change func(*seedfile.Record) bool) func(context.Context, *bank.Bank, bank.By, string, string, string) (int, error) {
	return func(ctx context.Context, b *bank.Bank, by bank.By, file, keyFile, contract string) (int, error) {
		text, err := secretfile.Read(keyFile)
		if err != nil {
			return 0, err
		}
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			return 0, err
		}
		f, err := os.Open(file)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		in, _, err := seedfile.NewReader(f, seedfile.ReadOptions{Keys: seedfile.Keys{Key: key}})
		if err != nil {
			return 0, err
		}
		r, err := b.Import(ctx, by, &changed{in, change}, bank.ImportOptions{Contract: contract})
		return r.Tokens, err
	}
}

// changed is a seed file whose records are changed or left out.
type changed struct {
	seedfile.Reader
	change func(*seedfile.Record) bool
}

func (c *changed) Read() (seedfile.Record, error) {
	for {
		r, err := c.Reader.Read()
		if err != nil || c.change(&r) {
			return r, err
		}
	}
}

func keep(*seedfile.Record) bool { return true }

func TestLine(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var mu sync.Mutex
	var over []LineStep
	r, err := Line(t.Context(), LineOptions{Tokens: 6, Ports: 2, Import: importFile(keep), Show: func(p LineProgress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Over {
			over = append(over, p.Step)
		}
	}})
	require.NoError(t, err)
	require.Equal(t, LineSteps(), over)
	require.Positive(t, r.Seconds)
	require.Positive(t, r.LineSeconds)
	require.Contains(t, []string{"valid", "not installed"}, r.PSKCTool)
	r.Seconds, r.LineSeconds, r.PSKCTool = 0, 0, ""
	require.Equal(t, LineResult{Order: "ORD-2026-0001", Tokens: 6, Ports: 2, Made: 6, Imported: 6, Registered: 6, LoggedIn: 6}, r)
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestLineDetectsOtherSeeds: the demo fails if the bank has other seeds than the tokens.
func TestLineDetectsOtherSeeds(t *testing.T) {
	_, err := Line(t.Context(), LineOptions{Tokens: 2, Ports: 2, Import: importFile(func(r *seedfile.Record) bool {
		b := r.Seed.Bytes()
		b[0] ^= 1
		r.Seed, _ = token.NewSeed(b)
		return true
	})})
	require.ErrorIs(t, err, ErrStory)
	require.ErrorContains(t, err, "register: 0 of 2 tokens")
}

func TestLineDetectsMissingToken(t *testing.T) {
	n := 0
	_, err := Line(t.Context(), LineOptions{Tokens: 2, Ports: 2, Import: importFile(func(*seedfile.Record) bool { n++; return n > 1 })})
	require.ErrorIs(t, err, ErrStory)
	require.ErrorContains(t, err, "bank: 1 of 2 tokens")
}

func TestLineCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Line(ctx, LineOptions{Tokens: 2, Ports: 2, Import: importFile(keep), Show: func(LineProgress) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
}

// TestPSKCTool has a tool that finds faults, and none.
func TestPSKCTool(t *testing.T) {
	tools := t.TempDir()
	t.Setenv("PATH", tools)
	valid, err := validate(t.Context(), "seeds.xml")
	require.NoError(t, err)
	require.False(t, valid)
	for text, want := range map[string]bool{
		"echo OK":         true,
		"echo FAIL":       false,
		"echo OK; exit 1": false,
		"echo NOT OK":     false,
		`test "$*" = "--validate seeds.xml" && echo OK`: true,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(tools, "pskctool"), []byte("#!/bin/sh\n"+text+"\n"), 0o700))
		valid, err := validate(t.Context(), "seeds.xml")
		require.Equal(t, want, valid, text)
		require.Equal(t, want, err == nil, text)
		require.True(t, want || errors.Is(err, ErrStory), text)
	}
}
