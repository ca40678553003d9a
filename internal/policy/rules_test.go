// SPDX-License-Identifier: Apache-2.0

package policy

// Patterns name packages by their path below the module, or by their import path if
// they are outside it. "fleet" is that package, "fleet/..." includes everything below
// it, and "!fleet/control" excludes a package that an earlier pattern included.

// portable are the packages that TinyGo compiles for a microcontroller. The packages of
// this module that they import are added to them and must follow the same rules.
var portable = patterns{"token", "serialproto", "firmware", "firmware/board/..."}

// A direction restricts the packages of this module that a package may import, directly
// or through others. Test files are exempt from all but the last one, because both ends
// of a line are tested against each other. Each of its patterns must match a package.
type direction struct {
	who     patterns
	only    patterns // may import no others; nil means any
	never   patterns // must not import
	because string
}

var directions = []direction{
	{
		who:     patterns{"token"},
		only:    patterns{"internal/..."},
		because: "token is the vocabulary of all the others, at the bottom of the tree",
	},
	{
		who:     patterns{"serialproto"},
		only:    patterns{"token", "internal/..."},
		because: "the wire is read by devices and hosts alike, and knows only what a token is",
	},
	{
		who:     patterns{"firmware"},
		only:    patterns{"token", "serialproto", "internal/..."},
		because: "the firmware runs on a microcontroller as on modelled hardware, and must not know which",
	},
	{
		who:     patterns{"firmware/board/..."},
		only:    patterns{"token", "serialproto", "firmware", "firmware/board/...", "firmware/hwtest", "internal/..."},
		because: "a board is the firmware and its hardware (which hwtest can test there), compiled by TinyGo, and nothing of the host",
	},
	{
		who:     patterns{"firmware/hwtest"},
		only:    patterns{"token", "serialproto", "firmware", "internal/..."},
		because: "hwtest tests any hardware, and so depends on none",
	},
	{
		who:     patterns{"seedfile"},
		only:    patterns{"token", "internal/..."},
		because: "seed files are read by the line and by the bank, which share nothing but tokens",
	},
	{
		who:     patterns{"virtual"},
		never:   patterns{"fleet", "validator/..."},
		because: "a virtual token is one device: fleets and servers are built of it, not the reverse",
	},
	{
		who:     patterns{"serialproto/host/...", "serialproto/port"},
		never:   patterns{"firmware/...", "virtual", "fleet", "validator/..."},
		because: "the host's end talks to any device over the wire, and must not know the one in this repository",
	},
	{
		who:     patterns{"fleet"},
		never:   patterns{"validator/..."},
		because: "a fleet stands for devices in the field: a server that knew it would accept its codes without checking them",
	},
	{
		who:     patterns{"validator"},
		only:    patterns{"token", "internal/..."},
		because: "the rules are functions over plain values: what stores or serves them is above",
	},
	{
		who: patterns{"validator/...", "!validator/cases/..."},
		only: patterns{
			"token", "seedfile", "internal/...",
			"validator/...", "!validator/cases/...",
		},
		never:   patterns{"internal/demo"},
		because: "the bank sees tokens through their seed files and codes only, like a real one",
	},
	{
		who:     patterns{"validator/store"},
		only:    patterns{"token", "validator", "internal/..."},
		because: "the store remembers and decides nothing",
	},
	{
		who:     patterns{"validator/cases"},
		only:    patterns{"token", "seedfile", "internal/..."},
		never:   patterns{"internal/demo"},
		because: "the suite judges any server: with ours at hand it would soon test what ours does",
	},
	{
		who:     patterns{"internal/errclass"},
		only:    patterns{},
		because: "every package declares its errors with it, those that TinyGo compiles included",
	},
	{
		who:     patterns{"...", "!cmd/..."},
		never:   patterns{"cmd/..."},
		because: "commands are thin and on top: logic that two of them need belongs in a library",
	},
}

// A fence limits the import of packages from outside this module to a few places. Test
// files are exempt. Each pattern in pkgs must match an import of a package in in, and
// each pattern in in must match a package.
type fence struct {
	pkgs    patterns // import paths
	in      patterns // the only packages that may import them
	because string
}

var fences = []fence{
	{
		pkgs:    patterns{"github.com/spf13/cobra", "github.com/spf13/pflag"},
		in:      patterns{"cmd/..."},
		because: "a library takes options as values: flags are the command's business",
	},
	{
		pkgs:    patterns{"go.bug.st/serial", "github.com/creack/pty"},
		in:      patterns{"serialproto/port"},
		because: "the traps of serial ports and PTYs are dealt with once, in port; others take an io.ReadWriter",
	},
	{
		pkgs:    patterns{"modernc.org/sqlite/...", "github.com/jackc/pgx/...", "github.com/pressly/goose/..."},
		in:      patterns{"validator/store"},
		because: "which database is in use is known to a store package only",
	},
	{
		pkgs:    patterns{"layeh.com/radius/..."},
		in:      patterns{"validator/radius"},
		because: "the traps of RADIUS are dealt with once, in the package that speaks it",
	},
	{
		pkgs:    patterns{"github.com/wneessen/go-mail"},
		in:      patterns{"validator/mail"},
		because: "the bank knows when a notice is due, and not how it is sent",
	},
	{
		pkgs:    patterns{"github.com/prometheus/client_golang/..."},
		in:      patterns{"validator/metrics"},
		because: "all metrics are in one place: what is counted, and under which name",
	},
	{
		pkgs:    patterns{"github.com/danielgtaylor/huma/..."},
		in:      patterns{"validator/httpapi"},
		because: "HTTP is a way in: what it does is a service that others use as well",
	},
	{
		pkgs:    patterns{"tinygo.org/x/drivers/..."},
		in:      patterns{"firmware/board/..."},
		because: "a driver is a board's business: the firmware sees the interfaces of hal.go",
	},
}

// A ban names packages that this module must not import. Test files are exempt.
type ban struct {
	pkgs    patterns // import paths
	because string
}

var bans = []ban{
	{
		pkgs:    patterns{"log", "golang.org/x/exp/slog", "github.com/sirupsen/logrus/...", "go.uber.org/zap/..."},
		because: "libraries never log, and cmd uses log/slog: a log line is where a seed leaks",
	},
	{
		pkgs:    patterns{"go.bug.st/serial/...", "!go.bug.st/serial"},
		because: "its list of ports opens and reprograms every port of the machine: use package port",
	},
	{
		pkgs:    patterns{"github.com/mattn/go-sqlite3/...", "github.com/lib/pq/..."},
		because: "there is one driver for each database, and none needs cgo",
	},
}

// A bannedCall is a function that library packages must not call.
type bannedCall struct {
	pkg     string
	names   []string
	because string
}

// libraryCalls applies to all packages except cmd, package main, tests and packages of
// test helpers.
var libraryCalls = []bannedCall{
	{"os", []string{"Exit"}, "libraries never exit: the caller decides, and deferred calls must run"},
	{
		"os",
		[]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
		"a library's behaviour is in its arguments: the environment is read by cmd",
	},
	{
		// The rest of log/slog is allowed for types that define how they are logged:
		// LogValue keeps a seed out of every log.
		"log/slog",
		[]string{
			"Default", "SetDefault", "SetLogLoggerLevel", "New", "NewLogLogger", "NewTextHandler", "NewJSONHandler",
			"Logger", "With", "Log", "LogAttrs", "Debug", "DebugContext", "Info", "InfoContext", "Warn",
			"WarnContext", "Error", "ErrorContext",
		},
		"libraries never log: they return errors and events, and a log line is where a seed leaks",
	},
	{"fmt", []string{"Print", "Println", "Printf"}, "stdout belongs to the command: a library takes an io.Writer"},
}

// fronts are the channels to the bank. They call package bank, and no functions of the
// rules except frontCalls.
var fronts = patterns{
	"validator/httpapi", "validator/pages", "validator/radius", "validator/server", "validator/metrics", "validator/mail", "cmd/...",
}

const (
	rulesOfBank  = "validator"
	frontBecause = "a rule that a front asks by itself is soon decided twice, and differently: make it a method of bank.Bank"
)

// frontCalls are functions in the package of the rules that make no decision.
var frontCalls = []string{"Acts", "DefaultSettings", "Operations", "OrderCauses", "ParseCause", "Reasons"}

// errorClasses is the package for declaring sentinel errors. All exported errors of the
// packages that errorReader imports, directly or through others, must have a class.
const (
	errorClasses = "internal/errclass"
	errorReader  = "cmd/fob"
)

// portableCalls applies to the portable packages, including their host-only files.
var portableCalls = []bannedCall{
	{
		"time",
		[]string{
			"Now", "Sleep", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker",
		},
		"the core polls: time comes from the caller",
	},
}

// portableImports are the packages of the standard library that a portable package may
// import. They are small and known to work with TinyGo. Files that TinyGo does not
// compile (`//go:build !tinygo`) are exempt.
var portableImports = patterns{
	"bytes", "cmp", "encoding", "encoding/base32", "encoding/base64", "encoding/binary",
	"errors", "hash/...", "io", "math", "math/bits", "slices", "strconv", "strings", "unicode/utf8",
	"crypto/...", "!crypto/rand", "!crypto/tls/...", "!crypto/x509/...",
}

// boardImports are the additional imports of a board: its hardware, and drivers for the
// connected devices.
var boardImports = patterns{"machine/...", "device/...", "runtime/...", "unsafe", "tinygo.org/x/drivers/..."}

// boards are the packages to which boardImports applies.
var boards = patterns{"firmware/board/..."}

// importReasons gives the reason for the imports that are most often attempted but not
// allowed.
var importReasons = map[string]string{
	"crypto/rand":    "entropy comes from the caller: a token has no source of its own",
	"encoding/hex":   "it brings in fmt, and with it reflect: tens of kilobytes of flash",
	"encoding/json":  "it works by reflection, which is large and partly missing under TinyGo",
	"encoding/xml":   "it works by reflection, which is large and partly missing under TinyGo",
	"fmt":            "it works by reflection: tens of kilobytes of flash, and it allocates",
	"net":            "a token has no network",
	"os":             "a microcontroller has no operating system",
	"reflect":        "it is large, partly missing under TinyGo, and it allocates",
	"runtime":        "a portable package does not know what runs it",
	"sync":           "the core has one owner and polls: there is nothing to lock",
	"testing":        "helpers for tests are host-side, in a package of their own",
	"text/template":  "it works by reflection, which is large and partly missing under TinyGo",
	"time":           "time comes from the caller, as a number; put conversions in a file tagged !tinygo",
	"unsafe":         "only a board knows addresses",
	"unicode":        "its tables take much flash",
	"math/rand":      "entropy comes from the caller",
	"math/rand/v2":   "entropy comes from the caller",
	"math/big":       "it allocates, and is large",
	"context":        "the core polls: there is nothing to cancel",
	"bufio":          "buffers come from the caller",
	"container/list": "it allocates for each element",
	"crypto/tls":     "it brings in net and os",
	"crypto/x509":    "it brings in net and os",
}
