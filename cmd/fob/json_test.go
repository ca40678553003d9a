// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// jsonTypes maps the Go types of fields to the terms of docs/json.md.
var jsonTypes = map[string]string{
	"string": "text", "token.Serial": "text", "token.Code": "text", "host.HardwareID": "text",
	"cases.Level": "text", "conform.Level": "text", "conform.Verb": "text", "Result": "text", "Step": "text", "Scenario": "text", "Fault": "text", "journal.State": "text", "journal.Bin": "text", "journal.Results": "object", "Level": "text", "Outcome": "text",
	"time.Time": "time", "token.Expiry": "day", "bool": "boolean",
	"int": "integer", "int64": "integer", "uint8": "integer", "uint32": "integer", "uint64": "integer", "time.Duration": "integer",
	"float64": "number", "Tally": "object", "framingErrorsResult": "object", "keyResult": "object", "crystalResult": "object",
}

// jsonType returns the JSON type of a field, or "" if this test does not support the
// type.
func jsonType(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return jsonType(e.X)
	case *ast.ArrayType:
		return "array"
	case *ast.MapType, *ast.StructType:
		return "object"
	case *ast.Ident:
		return jsonTypes[e.Name]
	case *ast.SelectorExpr:
		return jsonTypes[e.X.(*ast.Ident).Name+"."+e.Sel.Name]
	}
	return ""
}

// TestJSONFields checks that docs/json.md lists every field of every JSON object that a
// command prints, and that a field has the same type everywhere.
func TestJSONFields(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	printed := map[string]string{ // structs of libraries that are printed directly; "": the whole file
		"../../internal/demo/bank.go": "Step", "../../internal/demo/line.go": "LineResult",
		"../../internal/practice/bench.go": "BenchResult", "../../validator/bench/bench.go": "Report", "../../conform/run.go": "Result", "../../conform/report/json.go": "Totals",
		"../../line/export/units.go": "Unit", "../../load/report.go": "", "../../load/threshold.go": "",
		"../../line/event.go": "Event", "../../internal/practice/result.go": "",
	}
	for _, file := range files {
		// fob fleet decodes the answers of the fleet's HTTP API, and prints them as they
		// are. Its OpenAPI document describes them.
		if !strings.HasSuffix(file, "_test.go") && !strings.HasPrefix(file, "fleet") {
			printed[file] = ""
		}
	}
	found := map[string]string{}
	for file, only := range printed {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		add := func(name, kind string) {
			require.NotEmpty(t, kind, "%s: %s has a type that this test does not know", file, name)
			if before, twice := found[name]; twice {
				require.Equal(t, before, kind, "%s: %s has another type elsewhere", file, name)
			}
			found[name] = kind
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				return only == "" || n.Name.Name == only
			case *ast.Field:
				if n.Tag == nil {
					return true
				}
				tag, err := strconv.Unquote(n.Tag.Value)
				require.NoError(t, err)
				name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
				if name != "" && name != "-" {
					add(name, jsonType(n.Type))
				}
			case *ast.CallExpr: // print(map[string]string{"echo": …}, …)
				called := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					called = f.Name
				case *ast.SelectorExpr:
					called = f.Sel.Name
				}
				for _, arg := range n.Args {
					literal, ok := arg.(*ast.CompositeLit)
					if !ok || called != "print" && called != "jsonLine" {
						continue
					}
					if m, ok := literal.Type.(*ast.MapType); ok {
						for _, e := range literal.Elts {
							name, err := strconv.Unquote(e.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
							require.NoError(t, err)
							add(name, jsonType(m.Value))
						}
					}
				}
			}
			return true
		})
	}
	require.Greater(t, len(found), 100)

	text, err := os.ReadFile("../../docs/json.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		require.NotContains(t, documented, row[1], "twice in the table")
		documented[row[1]] = row[2]
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		require.Equal(t, found[name], documented[name], "%s in docs/json.md", name)
	}
	for name := range documented {
		require.Contains(t, found, name, "docs/json.md has a field that no command prints")
	}
}

// TestJSONNames checks that the bank's commands use the same field names as the HTTP
// API.
func TestJSONNames(t *testing.T) {
	structs, tags := regexp.MustCompile(`(?s)type (\w+) struct \{\n(.*?)\n\}`), regexp.MustCompile(`json:"([a-z0-9_]+)`)
	names := func(pattern string) map[string][]string { // by struct
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all := map[string][]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, s := range structs.FindAllStringSubmatch(string(text), -1) {
				for _, tag := range tags.FindAllStringSubmatch(s[2], -1) {
					all[s[1]] = append(all[s[1]], tag[1])
				}
			}
		}
		return all
	}
	api := names("../../validator/httpapi/*.go")
	own := map[string][]string{ // not in the API, or already in use there: `to` is an address, `made` and `sent` are numbers
		"token": {"period", "t0"}, "order": {"due_from", "due_to"}, "notice": {"created", "sent_at"}, "key": {"file"},
	}
	compared := 0
	for name, fields := range names("validator_results.go") {
		thing := strings.TrimSuffix(name, "Result")
		require.NotEmpty(t, api[thing+"View"], name)
		require.Subset(t, append(api[thing+"View"], own[thing]...), fields, name)
		compared++
	}
	require.Equal(t, 7, compared, "contract, user, token, order, notice, record and key")
}

// TestJSONNull checks that missing values become null, and that similar strings are
// unchanged.
func TestJSONNull(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, jsonLine(&b, map[string]any{"a": "", "b": `x":"",`, "c": []string{}, "d": `:""`}))
	require.Equal(t, `{"a":null,"b":"x\":\"\",","c":[],"d":":\"\""}`+"\n", b.String())
}
