// SPDX-License-Identifier: Apache-2.0

package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/printer"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
)

// imported has the errors that the messages of package line wrap by name.
var imported = map[string]error{
	"host.ErrVerify": host.ErrVerify, "journal.ErrJournal": journal.ErrJournal,
}

// noTile lists the texts that no tile of a port shows. It also names the errors that begin
// such texts.
var noTile = []string{
	"looking for devices: %w", "%w: unit %d has the unknown state %q", // the station ends
	"ErrNoLabel", // the answer to an entry: a text of words/ja.json
	// Mistakes of the program:
	"ErrStationKey", "ErrHardwareID", "token.ErrProfile", "token.ErrSerial", "encoding the request: %w",
	"display: no code, because the token's clock is before its T0: set the clock",
	"power cut", // the name of a request
	"sudo timedatectl set-ntp true", "sudo apt-get install chrony", "sudo systemctl restart chrony", "LC_ALL=C", "--property=NTPSynchronized",
	"ErrAddress", "ErrJob", // of a printer: the first label shows them to the person who sets the station up
}

// source is the messages of a package.
type source struct {
	t      *testing.T
	errors map[string]string // texts of its error variables
	found  map[string]string // example of each message, and where it stands
}

// messagesOf returns the texts of at least two words in the source files of a package.
func messagesOf(t *testing.T, pattern string, skip ...string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	s := &source{t, map[string]string{}, map[string]string{}}
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || slices.Contains(skip, filepath.Base(file)) {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		parsed = append(parsed, f)
	}
	require.NotEmpty(t, parsed)
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				if call, ok := v.Values[0].(*ast.CallExpr); ok && strings.HasSuffix(nameOf(call.Fun), ".New") {
					if text, ok := literalOf(call.Args[len(call.Args)-1]); ok {
						s.errors[v.Names[0].Name] = text
					}
				}
			}
			return true
		})
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool { return s.visit(set, n) })
	}
	return s.found
}

// visit collects the message at a node. It reports whether to look inside.
func (s *source) visit(set *token.FileSet, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.Field: // has a tag
		return false
	case *ast.ValueSpec:
		return !slices.Contains(noTile, n.Names[0].Name)
	case *ast.CallExpr:
		if nameOf(n.Fun) != "fmt.Errorf" {
			return nameOf(n.Fun) != "panic"
		}
		if format, ok := literalOf(n.Args[0]); ok {
			s.add(set, n, format, n.Args[1:])
		}
		return false
	case *ast.AssignStmt:
		if text, ok := literalOf(n.Rhs[0]); ok && n.Tok == token.ADD_ASSIGN {
			s.add(set, n, "%s"+text, nil)
			return false
		}
	case *ast.BinaryExpr, *ast.BasicLit:
		if text, ok := literalOf(n.(ast.Expr)); ok {
			s.add(set, n, text, nil)
		}
		return false
	}
	return true
}

// add adds an example of a format. An error that is wrapped by name has its own text.
func (s *source) add(set *token.FileSet, n ast.Node, format string, args []ast.Expr) {
	words := strings.Join(strings.FieldsFunc(ui.Verb.ReplaceAllString(format, ""), func(r rune) bool { return !unicode.IsLetter(r) }), " ")
	named := false
	i := -1
	example := ui.Verb.ReplaceAllStringFunc(format, func(verb string) string {
		i++
		switch verb {
		case "%d", "%.0f":
			return "7"
		case "%q":
			return `"x"`
		}
		if i >= len(args) {
			return "x"
		}
		name := nameOf(args[i])
		if slices.Contains(noTile, name) {
			format = name
		}
		if text := s.errors[name]; text != "" {
			named = true
			return text
		}
		if err := imported[name]; err != nil {
			named = true
			return err.Error()
		}
		return "x"
	})
	if slices.Contains(noTile, format) || !named && !strings.Contains(words, " ") {
		return
	}
	s.found[example] = set.Position(n.Pos()).String()
}

// nameOf returns a name such as host.ErrVerify, or "".
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	}
	return ""
}

// literalOf returns a text made of string literals and, for the parts between them, verbs.
func literalOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, ok1 := literalOf(e.X)
		y, ok2 := literalOf(e.Y)
		if !ok1 {
			x = "%s"
		}
		if !ok2 {
			y = "%s"
		}
		return x + y, e.Op == token.ADD && (ok1 || ok2)
	}
	return "", false
}

// TestPhrases: there is a Japanese text for each reason and each advice that a station can
// report: also for the errors of devices, ports, printers, the ledger and the clock.
func TestPhrases(t *testing.T) {
	book := ui.ReadPhrases(wordFiles, "words/phrases.ja.json", "")
	all := messagesOf(t, "../*.go", "enrolment.go", "socket.go") // those read arguments
	require.Greater(t, len(all), 50)
	add := func(pattern string, skip ...string) {
		for text, where := range messagesOf(t, pattern, skip...) {
			all[text] = where
		}
	}
	add("../../serialproto/host/*.go", "station.go")
	add("../../internal/hostclock/*.go")
	add("../printer/*.go", "cups.go", "file.go", "printer.go", "status.go")
	for _, err := range []error{
		journal.ErrJournal, journal.ErrNumbers, journal.ErrElsewhere, journal.ErrLedger, journal.ErrConflict,
		port.ErrBusy, port.ErrNotFound, port.ErrGone, printer.ErrUnreachable, printer.ErrNotReady, printer.ErrFailed, printer.ErrJob,
	} {
		all[err.Error()+": x"] = "an error variable"
	}
	all[journal.ErrComplete.Error()] = "an error variable"
	for s := serialproto.StatusUnknown; s <= serialproto.StatusUnsupported; s++ {
		all[(&host.RefusedError{Command: "info", Err: serialproto.Err(s)}).Error()] = "a status"
	}
	for rc := serialproto.RCOK + 1; rc < 20; rc++ {
		all[(&host.RefusedError{Command: "info", Err: rc}).Error()] = "a status of SMP"
	}
	for _, problem := range []string{"paper out", "ribbon out", "head open", "paused", "too cold", "too hot", "buffer full", "paper out, head open"} {
		all["the label was not printed: printing A1 on tcp:10.0.0.9:9100: the printer is not ready: "+problem] = "a status of a printer"
	}
	for _, op := range []string{"opening", "reading", "writing"} {
		all[(&port.OpError{Op: op, Addr: "x", Err: port.ErrBusy}).Error()] = "a port"
	}
	for text, where := range all {
		got, ok := book.Find(text)
		assert.True(t, ok, "%s: no Japanese words in phrases.ja.json for %q", where, text)
		if !ok {
			continue
		}
		assert.True(t, strings.ContainsFunc(got, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }), "%s: %q: %s", where, text, got)
		assert.NotRegexp(t, `\{\d\}|[a-z]+ [a-z]+`, strings.ReplaceAll(got, "fob doctor", ""), "%s: %q", where, text)
	}
}
