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

// databases are the packages for keeping data and secrets in a database.
var databases = patterns{"internal/sqldb", "internal/chain", "internal/vault"}

var directions = []direction{
	{
		who:     patterns{"token"},
		only:    patterns{"internal/..."},
		because: "token is at the bottom of the tree: all other packages use its types",
	},
	{
		who:     patterns{"token/fleetkey"},
		only:    patterns{"token", "internal/..."},
		because: "load generators derive tokens without a fleet",
	},
	{
		who:     patterns{"serialproto"},
		only:    patterns{"token", "internal/..."},
		because: "devices and hosts share the protocol, which depends only on the token's types",
	},
	{
		who:     patterns{"firmware"},
		only:    patterns{"token", "serialproto", "internal/..."},
		because: "the firmware runs on microcontrollers and on modelled hardware, and must not depend on either",
	},
	{
		who:     patterns{"firmware/board/..."},
		only:    patterns{"token", "serialproto", "firmware", "firmware/board/...", "firmware/hwtest", "internal/..."},
		because: "TinyGo compiles a board from the firmware and its hardware (which hwtest can test there), without packages of the host",
	},
	{
		who:     patterns{"firmware/hwtest"},
		only:    patterns{"token", "serialproto", "firmware", "internal/..."},
		because: "hwtest tests any hardware, and must not depend on a particular one",
	},
	{
		who:     patterns{"seedfile"},
		only:    patterns{"token", "internal/..."},
		because: "the provisioning line and the bank both read seed files, and share only tokens",
	},
	{
		who:     patterns{"virtual"},
		never:   patterns{"fleet/...", "validator/..."},
		because: "a virtual token is one device: fleets and servers are built from it, not the reverse",
	},
	{
		who:     patterns{"serialproto/host/...", "serialproto/port", "serialproto/wire"},
		never:   patterns{"firmware/...", "virtual", "fleet/...", "validator/..."},
		because: "the host talks to any device over the protocol, and must not depend on the device in this repository",
	},
	{
		who:     patterns{"fleet/..."},
		never:   patterns{"validator/..."},
		because: "a fleet stands for devices in the field: it must not share code with the server that checks their codes",
	},
	{
		who:     patterns{"load"},
		never:   patterns{"validator/..."},
		because: "it tests any server: with access to ours, it would soon test only the behaviour of ours",
	},
	{
		who:     patterns{"line/..."},
		never:   patterns{"firmware/...", "virtual", "fleet/...", "validator/...", "internal/practice"},
		because: "the line makes any token over the protocol, and must not depend on the devices in this repository",
	},
	{
		who:     patterns{"line/journal"},
		only:    patterns{"token", "seedfile", "serialproto/...", "line/order", "line/label", "internal/..."},
		because: "the journal only keeps data: the line decides",
	},
	{
		who:     patterns{"line/...", "!line/page"},
		never:   patterns{"line/page", "internal/webapi", "internal/weblogin"},
		because: "the pages are one of the line's displays: it works without them",
	},
	{
		who:     patterns{"fleet/...", "!fleet/page"},
		never:   patterns{"fleet/page", "internal/ui", "internal/weblogin"},
		because: "the pages are one of the fleet's displays: it works without them",
	},
	{
		who:     patterns{"fleet/mcp"},
		only:    patterns{"token/...", "serialproto/...", "firmware/...", "virtual", "seedfile", "fleet", "fleet/control", "internal/..."},
		never:   patterns{"internal/demo", "internal/practice"},
		because: "an agent's tools are the operations of the HTTP interface, and have no other way to a fleet",
	},
	{
		who:     patterns{"fleet/...", "!fleet/mcp"},
		never:   patterns{"fleet/mcp"},
		because: "agents are one kind of client: the fleet works without them",
	},
	{
		who:     patterns{"line/export", "line/audit"},
		never:   patterns{"line", "line/printer"},
		because: "exports and audits depend on the journal alone, not on the code that programs devices",
	},
	{
		who:     patterns{"validator"},
		only:    patterns{"token", "internal/..."},
		never:   databases,
		because: "the rules are functions over plain values: the packages that store or serve them import them",
	},
	{
		who: patterns{"validator/..."},
		only: patterns{
			"token", "seedfile", "internal/...",
			"validator/...",
		},
		never:   patterns{"internal/demo", "internal/practice"},
		because: "like a real bank, it sees only the seed files and codes of tokens",
	},
	{
		who:     patterns{"validator/store"},
		only:    patterns{"token", "validator", "internal/..."},
		because: "the store only keeps data: the rules and the bank decide",
	},
	{
		who:     patterns{"conform/..."},
		only:    patterns{"token", "seedfile", "internal/...", "conform/..."},
		never:   append(patterns{"internal/demo", "internal/practice"}, databases...),
		because: "the suite tests any server: with access to ours, it would soon test only the behaviour of ours",
	},
	{
		who:     patterns{"conform/seedset"},
		only:    patterns{"token", "internal/..."},
		because: "its files test our importers too: with code of seedfile or conform, a mistake would be on both sides",
	},
	{
		who:     databases,
		only:    patterns{"internal/errclass", "internal/atomicfile", "internal/secretfile", "internal/sqldb"},
		because: "every program with a database shares them: the tables and rules of one program stay with it",
	},
	{
		who:     patterns{"internal/ui/..."},
		only:    patterns{"internal/ui", "internal/ui/uitest", "internal/tooltest", "internal/freeport"},
		because: "all web pages share it: the data and the rules of one site stay with it",
	},
	{
		who:     patterns{"internal/picture"},
		only:    patterns{"internal/barcode", "internal/errclass"},
		because: "virtual tokens and the bank's pages draw with it, and share nothing else",
	},
	{
		who:     patterns{"internal/webapi"},
		only:    patterns{"internal/errclass", "internal/loopback"},
		because: "it has the conventions of all HTTP interfaces, and no data of one of them",
	},
	{
		who:     patterns{"internal/errclass"},
		only:    patterns{},
		because: "every package declares its errors with it, including those that TinyGo compiles",
	},
	{
		who:     patterns{"...", "!cmd/..."},
		never:   patterns{"cmd/..."},
		because: "commands are thin and at the top: logic that two commands share belongs in a library",
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
		because: "a library takes options as values: flags belong to the command",
	},
	{
		pkgs:    patterns{"go.bug.st/serial", "github.com/creack/pty"},
		in:      patterns{"serialproto/port"},
		because: "package port handles the pitfalls of serial ports and PTYs; other packages take an io.ReadWriter",
	},
	{
		pkgs:    patterns{"modernc.org/sqlite/...", "github.com/jackc/pgx/...", "github.com/pressly/goose/..."},
		in:      patterns{"internal/sqldb"},
		because: "only one package may depend on the database in use: the stores call it",
	},
	{
		pkgs:    patterns{"github.com/tsenart/vegeta/..."},
		in:      patterns{"load"},
		because: "package load decides when a request is due, and which code it has",
	},
	{
		pkgs:    patterns{"layeh.com/radius/..."},
		in:      patterns{"validator/radius", "conform/target"},
		because: "package radius handles the pitfalls of a RADIUS server, and conform/target those of a client",
	},
	{
		pkgs:    patterns{"github.com/wneessen/go-mail"},
		in:      patterns{"validator/mail"},
		because: "the bank decides when a notice is due, and package mail sends it",
	},
	{
		pkgs:    patterns{"github.com/VictoriaMetrics/metrics"},
		in:      patterns{"validator/metrics"},
		because: "all metrics and their names are in one place",
	},
	{
		pkgs:    patterns{"github.com/danielgtaylor/huma/..."},
		in:      patterns{"validator/httpapi", "fleet/control", "internal/strictjson"},
		because: "HTTP is one of several channels, which all call package bank or fleet",
	},
	{
		pkgs:    patterns{"github.com/modelcontextprotocol/go-sdk/..."},
		in:      patterns{"fleet/mcp"},
		because: "package mcp decides which operations agents get, and whether they may change a fleet",
	},
	{
		pkgs:    patterns{"github.com/boombuler/barcode/..."},
		in:      patterns{"internal/barcode"},
		because: "quiet zones and errors without the text, which may be secret, are handled once",
	},
	{
		pkgs:    patterns{"github.com/go-pdf/fpdf"},
		in:      patterns{"internal/pdfdoc", "line/..."},
		because: "package pdfdoc makes documents reproducible and refuses text that they cannot show",
	},
	{
		pkgs:    patterns{"github.com/hiddeco/sshsig", "golang.org/x/crypto/ssh/..."},
		in:      patterns{"internal/sshsig"},
		because: "package sshsig is stricter than the library: it accepts only Ed25519 keys, and no byte that a signature does not cover",
	},
	{
		pkgs:    patterns{"github.com/d204ef64/fob/internal/ui"},
		in:      patterns{"validator/pages", "line/page", "fleet/page", "internal/weblogin"},
		because: "only the packages of web pages need it",
	},
	{
		pkgs:    patterns{"github.com/d204ef64/fob/internal/weblogin"},
		in:      patterns{"line/page", "fleet/page"},
		because: "only the packages of web pages need it",
	},
	{
		pkgs:    patterns{"github.com/klauspost/compress/..."},
		in:      patterns{"fleet/page"},
		because: "answers of the API and of the bank are not compressed: their length must not depend on secrets in them",
	},
	{
		pkgs:    patterns{"github.com/chromedp/..."},
		in:      patterns{"internal/ui/uitest"},
		because: "Chromium is started and observed in one place",
	},
	{
		pkgs:    patterns{"tinygo.org/x/drivers/..."},
		in:      patterns{"firmware/board/..."},
		because: "a driver belongs to a board: the firmware uses the interfaces of hal.go",
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
		because: "libraries never log, and cmd uses log/slog: a log line could leak a seed",
	},
	{
		pkgs:    patterns{"go.bug.st/serial/...", "!go.bug.st/serial"},
		because: "its list of ports opens and reprograms every port of the machine: use package port",
	},
	{
		pkgs:    patterns{"github.com/mattn/go-sqlite3/...", "github.com/lib/pq/..."},
		because: "each database has one driver, and none needs cgo",
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
		"a library depends on its arguments only: cmd reads the environment",
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
		"libraries never log: they return errors and events, and a log line could leak a seed",
	},
	{"fmt", []string{"Print", "Println", "Printf"}, "stdout belongs to the command: a library takes an io.Writer"},
}

// deterministic are the packages whose results end up in the event log of a fleet or in
// pictures, which are the same on every machine. TestNoFusion checks them too.
var deterministic = patterns{"token", "serialproto", "firmware", "virtual", "fleet", "internal/picture"}

var inexactCalls = []bannedCall{{
	"math",
	[]string{"Log1p", "Log", "Log2", "Log10", "Exp", "Exp2", "Expm1", "Pow", "FMA", "Tanh", "Cbrt"},
	"its last bit depends on the architecture: use a function of virtual/exact.go",
}}

// channels are the interfaces to the bank. They call package bank, and no functions of the
// rules except channelCalls.
var channels = patterns{
	"validator/httpapi", "validator/pages", "validator/radius", "validator/server", "validator/metrics", "validator/mail", "cmd/...",
}

const (
	rulesOfBank    = "validator"
	channelBecause = "a rule that a channel calls itself is soon decided twice, and differently: make it a method of bank.Bank"
)

// channelCalls are functions in the package of the rules that make no decision.
var channelCalls = []string{"Acts", "DefaultSettings", "Operations", "OrderCauses", "ParseCause", "Reasons"}

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
	"encoding/json":  "it uses reflection, which is large and partly missing under TinyGo",
	"encoding/xml":   "it uses reflection, which is large and partly missing under TinyGo",
	"fmt":            "it uses reflection: tens of kilobytes of flash, and it allocates",
	"net":            "a token has no network",
	"os":             "a microcontroller has no operating system",
	"reflect":        "it is large, partly missing under TinyGo, and it allocates",
	"runtime":        "a portable package must not depend on its runtime",
	"sync":           "the core has one owner and polls: there is nothing to lock",
	"testing":        "helpers for tests run on the host, in a separate package",
	"text/template":  "it uses reflection, which is large and partly missing under TinyGo",
	"time":           "time comes from the caller, as a number; put conversions in a file tagged !tinygo",
	"unsafe":         "only a board may use addresses",
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
