// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestRepository applies the rules to the module of this package.
func TestRepository(t *testing.T) {
	tree, err := load(os.DirFS(filepath.Join("..", "..")))
	require.NoError(t, err)

	// A checker that finds no files would find no violations.
	pkgs := tree.portablePackages()
	for _, want := range []string{"token", "serialproto", "firmware"} {
		require.Contains(t, pkgs, want, "portable packages found")
	}

	for _, v := range tree.check() {
		t.Error(v)
	}
	for _, rule := range tree.idle() {
		t.Error(rule, "\n\tbecause: a rule that matches nothing checks nothing: update the package's name, or delete the rule")
	}
}

// TestIdleRules checks that in a tree without the packages of the rules, each rule is
// reported as idle, except for a pattern that matches.
func TestIdleRules(t *testing.T) {
	tree, err := load(fstest.MapFS{
		"go.mod":       {Data: []byte("module m\n")},
		"fleet/a.go":   {Data: []byte(spdx + "\npackage fleet\n")},
		"cmd/fob/a.go": {Data: []byte(spdx + "\npackage main; import _ \"github.com/spf13/cobra\"\n")},
	})
	require.NoError(t, err)
	idle := strings.Join(tree.idle(), "\n")
	for _, d := range directions {
		if d.who[0] != "fleet/..." && d.who[0] != "..." {
			require.Contains(t, idle, "direction of "+strings.Join(d.who, ", ")+`: pattern "`+d.who[0]+`"`)
		}
	}
	require.NotContains(t, idle, `pattern "fleet/..."`)
	require.NotContains(t, idle, `pattern "github.com/spf13/cobra"`)
	require.Contains(t, idle, `pattern "github.com/spf13/pflag" matches nothing`)
	require.Contains(t, idle, `fence around go.bug.st/serial, github.com/creack/pty: pattern "serialproto/port" matches nothing`)
	require.Contains(t, idle, `portable: pattern "firmware" matches nothing`)
	require.Contains(t, idle, `channels: pattern "validator/pages" matches nothing`)
	require.Contains(t, idle, `functions of validator for channels: pattern "Operations" matches nothing`)
}

// TestRules checks for each rule a small tree that breaks it, and a similar one that
// does not.
func TestRules(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string // part of each violation; none means a clean tree
	}{
		{
			name: "clean tree",
			files: map[string]string{
				"token/a.go":               `package token; import ("crypto/hmac"; "encoding/binary"; "strconv")`,
				"serialproto/a.go":         `package serialproto; import "m/token"`,
				"firmware/a.go":            `package firmware; import ("m/serialproto"; "m/internal/crc")`,
				"internal/crc/a.go":        `package crc; import "hash/crc32"`,
				"virtual/a.go":             `package virtual; import ("m/firmware"; "time")`,
				"fleet/a.go":               `package fleet; import "m/virtual"`,
				"validator/store/a.go":     `package store; import "m/internal/sqldb"`,
				"internal/sqldb/a.go":      `package sqldb; import "github.com/jackc/pgx/v5"`,
				"internal/chain/a.go":      `package chain; import "m/internal/sqldb"`,
				"serialproto/port/a.go":    `package port; import "go.bug.st/serial"`,
				"cmd/fob/main.go":          `package main; import ("os"; "m/fleet"; "github.com/spf13/cobra"); func main() { os.Exit(1) }`,
				"conform/a.go":             `package conform; import "m/token"`,
				"validator/reference/a.go": `package reference; import "m/validator/store"`,
				"token/a_host.go":          "//go:build !tinygo\n\npackage token",
			},
		},

		// Classes of errors.
		{
			name: "errors with a class",
			files: map[string]string{
				"cmd/fob/main.go":        `package main; import _ "m/a"`,
				"internal/errclass/a.go": `package errclass; import "errors"`,
				"a/a.go":                 `package a; import ("m/internal/errclass"; "m/b"); var (ErrA = errclass.New(errclass.Usage, "a"); ErrB = b.ErrB)`,
				"b/b.go":                 `package b; import e "m/internal/errclass"; var ErrB = e.New(e.Usage, "b")`,
				"b/code.go":              `package b; type Err uint8; const ErrOne Err = 1; func (Err) Error() string; func (Err) ErrorClass() int`,
				"b/type.go":              `package b; type At struct{}; func (*At) Error() string; func (*At) Unwrap() error; type Model struct{}; func (Model) Error(t int) float64`,
				"b/own.go":               `package b; import "errors"; var (errOwn = errors.New("x"); Errata = 1)`,
				"b/b_test.go":            `package b; import "errors"; var ErrTest = errors.New("x")`,
				"far/a.go":               `package far; import "errors"; var ErrFar = errors.New("not reached by the command")`,
			},
		},
		{
			name: "errors without a class",
			files: map[string]string{
				"cmd/fob/main.go":     `package main; import _ "m/a"`,
				"a/a.go":              `package a; import ("m/b"; "errors"); var (ErrA, ErrA2 = errors.New("a"), b.ErrB)`,
				"b/b.go":              `package b; import "fmt"; var ErrB = fmt.Errorf("b"); var ErrNil error`,
				"b/code.go":           `package b; type Err uint8; const ErrOne Err = 1; func (Err) Error() string`,
				"b/type.go":           `package b; type AtError struct{}; func (*AtError) Error() string`,
				"b/other.go":          `package b; import "m/other/errclass"; var ErrO = errclass.New(1, "x")`,
				"other/errclass/a.go": `package errclass`,
			},
			want: []string{
				"a/a.go:2: the error ErrA has", "b/b.go:2: the error ErrB has", "b/b.go:2: the error ErrNil has", "b/code.go:2: the error ErrOne has",
				"b/code.go:2: the error type Err has", "b/type.go:2: the error type AtError has", "b/other.go:2: the error ErrO has",
			},
		},
		{
			name:  "the classes of errors import another package",
			files: map[string]string{"internal/errclass/a.go": `package errclass; import "m/token"`},
			want:  []string{"internal/errclass: must not import token"},
		},

		// Directions.
		{
			name:  "token imports upwards",
			files: map[string]string{"token/a.go": `package token; import "m/serialproto"`},
			want:  []string{"token: must not import serialproto"},
		},
		{
			name:  "a host-only file must follow the directions",
			files: map[string]string{"token/a_host.go": "//go:build !tinygo\n\npackage token; import \"m/fleet\""},
			want:  []string{"token: must not import fleet"},
		},
		{
			name: "host reaches the firmware through another package",
			files: map[string]string{
				"serialproto/host/a.go": `package host; import "m/internal/x"`,
				"internal/x/a.go":       `package x; import "m/firmware"`,
			},
			want: []string{"(serialproto/host → internal/x → firmware)"},
		},
		{
			name:  "a test of host may use the firmware",
			files: map[string]string{"serialproto/host/a_test.go": `package host; import "m/firmware"`},
		},
		{
			name:  "host imports a virtual token",
			files: map[string]string{"serialproto/host/a.go": `package host; import "m/virtual"`},
			want:  []string{"serialproto/host: must not import virtual"},
		},
		{
			name:  "validator imports a fleet",
			files: map[string]string{"validator/bank/a.go": `package bank; import "m/fleet"`},
			want:  []string{"validator/bank: must not import fleet"},
		},
		{
			name:  "the rules import the store",
			files: map[string]string{"validator/a.go": `package validator; import "m/validator/store"`},
			want:  []string{"validator: must not import validator/store (validator → validator/store)\n\tbecause: the rules are functions"},
		},
		{
			name:  "the store imports the bank",
			files: map[string]string{"validator/store/a.go": `package store; import "m/validator/bank"`},
			want:  []string{"validator/store: must not import validator/bank"},
		},
		{
			name:  "the rules open a database",
			files: map[string]string{"validator/a.go": `package validator; import "m/internal/sqldb"`},
			want:  []string{"validator: must not import internal/sqldb"},
		},
		{
			name:  "the suite opens the bank's keys",
			files: map[string]string{"conform/a.go": `package conform; import "m/internal/vault"`},
			want:  []string{"conform: must not import internal/vault"},
		},
		{
			name:  "a shared package knows the bank",
			files: map[string]string{"internal/vault/a.go": `package vault; import "m/token"`},
			want:  []string{"internal/vault: must not import token"},
		},
		{
			name:  "a store with its own driver",
			files: map[string]string{"validator/store/a.go": `package store; import "github.com/jackc/pgx/v5"`},
			want:  []string{"validator/store/a.go:2: import of github.com/jackc/pgx/v5 outside internal/sqldb"},
		},
		{
			name:  "the cases import the bank",
			files: map[string]string{"conform/a.go": `package conform; import "m/validator/bank"`},
			want:  []string{"conform: must not import validator/bank"},
		},
		{
			name:  "the bank imports the cases",
			files: map[string]string{"validator/bank/a.go": `package bank; import "m/conform"`},
			want:  []string{"validator/bank: must not import conform"},
		},
		{
			name:  "a fleet imports the bank",
			files: map[string]string{"fleet/a.go": `package fleet; import "m/validator/bank"`},
			want:  []string{"fleet: must not import validator/bank"},
		},
		{
			name:  "a library imports a command",
			files: map[string]string{"fleet/a.go": `package fleet; import "m/cmd/fob"`},
			want:  []string{"fleet: must not import cmd/fob"},
		},
		{
			name:  "a library's test imports a command",
			files: map[string]string{"fleet/a_test.go": `package fleet; import "m/cmd/fob"`},
			want:  []string{"fleet/a_test.go:2: must not import cmd/fob"},
		},

		// Fences.
		{
			name:  "cobra in a library",
			files: map[string]string{"fleet/a.go": `package fleet; import "github.com/spf13/cobra"`},
			want:  []string{"import of github.com/spf13/cobra outside cmd"},
		},
		{
			name:  "a serial port outside port",
			files: map[string]string{"fleet/a.go": `package fleet; import "go.bug.st/serial"`},
			want:  []string{"import of go.bug.st/serial outside serialproto/port"},
		},
		{
			name:  "a port list that opens each port, in port itself",
			files: map[string]string{"serialproto/port/a.go": `package port; import "go.bug.st/serial/enumerator"`},
			want:  []string{"import of go.bug.st/serial/enumerator"},
		},
		{
			name:  "a second driver for a database",
			files: map[string]string{"validator/store/a.go": `package store; import _ "github.com/lib/pq"`},
			want:  []string{"import of github.com/lib/pq"},
		},
		{
			name:  "a PTY outside port",
			files: map[string]string{"fleet/a.go": `package fleet; import "github.com/creack/pty"`},
			want:  []string{"import of github.com/creack/pty"},
		},
		{
			name:  "a database outside a store",
			files: map[string]string{"validator/a.go": `package validator; import _ "modernc.org/sqlite"`},
			want:  []string{"import of modernc.org/sqlite"},
		},
		{
			name:  "a library logs",
			files: map[string]string{"fleet/a.go": `package fleet; import "log"`},
			want:  []string{"import of log\n"},
		},

		{
			name: "a driver outside a board, and in a board",
			files: map[string]string{
				"firmware/a.go":              `package firmware; import "tinygo.org/x/drivers"`,
				"fleet/a.go":                 `package fleet; import "tinygo.org/x/drivers/ssd1306"`,
				"firmware/board/a/a.go":      `package a; import "tinygo.org/x/drivers/ssd1306"`,
				"firmware/board/a/a_test.go": `package a; import "tinygo.org/x/drivers"`,
			},
			want: []string{
				"firmware/a.go:2: import of tinygo.org/x/drivers outside firmware/board/...",
				"firmware/a.go:2: a portable package imports tinygo.org/x/drivers\n\tbecause: TinyGo builds",
				"fleet/a.go:2: import of tinygo.org/x/drivers/ssd1306",
			},
		},

		// Libraries.
		{
			name:  "a token computes a logarithm of package math",
			files: map[string]string{"virtual/a.go": `package virtual; import "math"; var x = math.Log1p(1) + math.Round(1)`},
			want:  []string{"virtual/a.go:2: math.Log1p"},
		},
		{
			name: "a library exits, reads the environment and prints",
			files: map[string]string{"fleet/a.go": `package fleet
				import (f "fmt"; "os")
				func a() { f.Println(os.Getenv("A")); os.Exit(1); f.Fprintln(os.Stderr) }`},
			want: []string{"fleet/a.go:4: fmt.Println", "fleet/a.go:4: os.Getenv", "fleet/a.go:4: os.Exit"},
		},
		{
			name: "a library logs with slog, but may define how a type is logged",
			files: map[string]string{"fleet/a.go": `package fleet
				import "log/slog"
				func a(l *slog.Logger) slog.Value { slog.Info(""); return slog.StringValue("") }`},
			want: []string{"fleet/a.go:4: log/slog.Logger", "fleet/a.go:4: log/slog.Info"},
		},
		{
			name:  "a dot import hides the call",
			files: map[string]string{"fleet/a.go": `package fleet; import . "fmt"; func a() { Println() }`},
			want:  []string{"dot import of fmt"},
		},
		{
			name:  "a test helper reads the environment",
			files: map[string]string{"firmware/hwtest/a.go": `package hwtest; import "os"; var A = os.Getenv("A")`},
		},

		{
			name: "a channel calls a rule itself",
			files: map[string]string{
				"validator/a.go":      `package validator; func Fee() {}; func Operations() {}; type T int; func (T) Own() {}`,
				"validator/bank/a.go": `package bank; import "m/validator"; func a() { validator.Fee() }`,
				"validator/pages/a.go": `package pages
					import v "m/validator"
					func a() { v.Operations(); v.T(0).Own(); _ = v.Fee }`,
				"cmd/fob/a.go": `package main; import "m/validator"; func a() { validator.Fee() }`,
			},
			want: []string{"validator/pages/a.go:4: m/validator.Fee\n\tbecause: a rule that a channel calls", "cmd/fob/a.go:2: m/validator.Fee"},
		},

		// Portable packages.
		{
			name: "a portable package imports too much",
			files: map[string]string{"firmware/a.go": `package firmware
				import ("fmt"; "time"; "crypto/rand"; "net/netip"; "github.com/fxamacker/cbor/v2")`},
			want: []string{
				"imports fmt\n\tbecause: it uses reflection", "imports time", "imports crypto/rand",
				"imports net/netip\n\tbecause: it is not in the list", "imports github.com/fxamacker/cbor/v2\n\tbecause: TinyGo builds",
			},
		},
		{
			name: "the imports of a portable package must be portable",
			files: map[string]string{
				"token/a.go":      `package token; import "m/internal/x"`,
				"internal/x/a.go": `package x; import "os"`,
			},
			want: []string{"internal/x/a.go:2: a portable package imports os"},
		},
		{
			name: "host-only and test files may import other packages",
			files: map[string]string{
				"token/a_host.go": "//go:build !tinygo && (linux || darwin)\n\npackage token; import (\"time\"; \"fmt\"; \"m/internal/x\")",
				"token/a_test.go": `package token; import "os"; func a() { go a() }`,
				"internal/x/a.go": `package x; import "os"`,
			},
		},
		{
			name:  "a file that TinyGo may compile is not host-only",
			files: map[string]string{"token/a.go": "//go:build !tinygo || linux\n\npackage token; import \"os\""},
			want:  []string{"imports os"},
		},
		{
			name:  "no file of a portable package reads the clock",
			files: map[string]string{"token/a_host.go": "//go:build !tinygo\n\npackage token; import \"time\"; var t, u = time.Now(), time.UTC"},
			want:  []string{"time.Now\n\tbecause: the core polls"},
		},
		{
			name: "a portable package uses concurrency",
			files: map[string]string{"firmware/a.go": `package firmware
				func a(c chan int) {
					go a(nil)
					select {}
				}`},
			want: []string{"firmware/a.go:3: channel type", "firmware/a.go:4: go statement", "firmware/a.go:5: select statement"},
		},
		{
			name:  "the core uses addresses",
			files: map[string]string{"firmware/a.go": `package firmware; import "unsafe"`},
			want:  []string{"imports unsafe"},
		},
		{
			name:  "a board imports its hardware, but not the host's packages",
			files: map[string]string{"firmware/board/virt/main.go": "//go:build tinygo\n\npackage main; import (\"machine\"; \"runtime/volatile\"; \"unsafe\"; \"os\")"},
			want:  []string{"imports os"},
		},
		{
			name: "the name of a file and its tag disagree",
			files: map[string]string{
				"token/a.go":      "//go:build !tinygo\n\npackage token",
				"token/b_host.go": "package token",
			},
			want: []string{"token/a.go: the tag", "token/b_host.go: the tag"},
		},
		{
			name:  "a board's program without its tag",
			files: map[string]string{"firmware/board/virt/main.go": "package main"},
			want:  []string{"without //go:build tinygo"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{"go.mod": {Data: []byte("module m\n")}}
			for name, src := range tt.files {
				fsys[name] = &fstest.MapFile{Data: []byte(spdx + "\n" + src)}
			}
			tree, err := load(fsys)
			require.NoError(t, err)
			requireViolations(t, tree.check(), tt.want)
		})
	}
}

// requireViolations checks that there is one violation for each part in want, and no
// other.
func requireViolations(t *testing.T, got []violation, want []string) {
	t.Helper()
	for _, part := range want {
		found := false
		for i, v := range got {
			if strings.Contains(v.String(), part) {
				got = append(got[:i:i], got[i+1:]...)
				found = true
				break
			}
		}
		require.True(t, found, "no violation contains %q; the others: %v", part, got)
	}
	require.Empty(t, got, "unexpected violations")
}

func TestLicenceLine(t *testing.T) {
	tree, err := load(fstest.MapFS{
		"go.mod":          {Data: []byte("module m\n")},
		"a/bad.go":        {Data: []byte("// Package a\npackage a\n")},
		"a/late.go":       {Data: []byte("\n" + spdx + "\n\npackage a\n")},
		"a/good.go":       {Data: []byte(spdx + "\n\npackage a\n")},
		"a/stringer.go":   {Data: []byte("// Code generated by \"stringer\"; DO NOT EDIT.\n\npackage a\n")},
		"bad.sh":          {Data: []byte("#!/bin/sh\necho\n")},
		"good.sh":         {Data: []byte("#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")},
		"a/testdata/x.go": {Data: []byte("package x\n")},
		"tool/go.mod":     {Data: []byte("module tool\n")},
		"tool/x.go":       {Data: []byte("package x\n")},
	})
	require.NoError(t, err)
	requireViolations(t, tree.check(), []string{"a/bad.go:1", "a/late.go:1", "bad.sh:2"})
}

func TestLoadErrors(t *testing.T) {
	_, err := load(fstest.MapFS{})
	require.ErrorContains(t, err, "go.mod")
	_, err = load(fstest.MapFS{"go.mod": {Data: []byte("module m\n")}})
	require.ErrorContains(t, err, "no Go files")
	_, err = load(fstest.MapFS{"go.mod": {Data: []byte("go 1.26\n")}, "a.go": {Data: []byte("package a\n")}})
	require.ErrorContains(t, err, "has no module line")
	_, err = load(fstest.MapFS{"go.mod": {Data: []byte("module m\n")}, "a.go": {Data: []byte("pack")}})
	require.Error(t, err, "a file that does not parse")
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		patterns patterns
		name     string
		want     bool
	}{
		{patterns{"fleet"}, "fleet", true},
		{patterns{"fleet"}, "fleet/control", false},
		{patterns{"fleet/..."}, "fleet", true},
		{patterns{"fleet/..."}, "fleet/control", true},
		{patterns{"fleet/..."}, "fleets", false},
		{patterns{"...", "!cmd/..."}, "cmd/fob", false},
		{patterns{"...", "!cmd/..."}, "", true},
		{patterns{".../store/..."}, "validator/store", true},
		{patterns{".../store/..."}, "validator/store/pg", true},
		{patterns{".../store/..."}, "store", true},
		{patterns{".../store/..."}, "validator/restore", false},
		{patterns{"validator/...", "!validator/conformance/..."}, "validator/conformance", false},
		{nil, "fleet", false},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, tt.patterns.match(tt.name), "%v, %q", tt.patterns, tt.name)
	}
}
