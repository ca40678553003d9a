// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/yamlfile"
)

// TestReference compares docs/scenario-steps.md with the steps and their fields, and runs
// Parse on its examples. Write it with go test ./fleet/scenario -update.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "scenario-steps.md")
	want := reference()
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "go test ./fleet/scenario -update")

	for _, verb := range yamlfile.Fields(reflect.TypeFor[steps]()) {
		before := "steps:\n- new: {name: alice}\n- attach: {name: rig}\n- snapshot: {name: before}\n- expect-code:\n"
		switch verb.Tag.Get("yaml") {
		case "new", "attach":
			before = strings.NewReplacer("alice", "bob", "rig", "other").Replace(before)
		}
		_, err := Parse("test.yaml", []byte(before+example(verb)))
		require.NoError(t, err)
	}
}

// introduction begins docs/scenario-steps.md.
const introduction = `# Steps of a scenario

The steps of [scenarios](scenarios.md), with all their fields. A field that is not required
can be left out. A period is ISO 8601, such as P2Y6M, PT90S, or like 1h30m.

`

// reference returns the description of all steps and their fields, in Markdown.
func reference() string {
	var b strings.Builder
	b.WriteString(introduction)
	all := yamlfile.Fields(reflect.TypeFor[steps]())
	for i, verb := range all {
		name, end := verb.Tag.Get("yaml"), ",\n"
		if i == len(all)-1 {
			end = "\n\n"
		}
		fmt.Fprintf(&b, "[%s](#%s)%s", name, name, end)
	}
	for _, verb := range all {
		name := verb.Tag.Get("yaml")
		fmt.Fprintf(&b, "## %s\n\n", name)
		fmt.Fprintf(&b, "%s.\n\n", sentence(verb.Tag.Get("doc")))
		fmt.Fprintf(&b, "```yaml\n%s```\n\n", example(verb))
		b.WriteString("| field | value | meaning |\n|---|---|---|\n")
		writeFields(&b, verb.Type.Elem())
		b.WriteByte('\n')
	}
	b.WriteString("## Faults of a line\n\nThe fields of `in` and `out` of [fault](#fault):\n\n| field | value | meaning |\n|---|---|---|\n")
	writeFields(&b, reflect.TypeFor[lineFaults]())
	return b.String()
}

// example returns the example of a step.
func example(verb reflect.StructField) string {
	return fmt.Sprintf("- %s: %s\n", verb.Tag.Get("yaml"), verb.Tag.Get("example"))
}

func writeFields(b *strings.Builder, t reflect.Type) {
	for _, f := range yamlfile.Fields(t) {
		value := valueOf(f)
		if f.Tag.Get("required") != "" {
			value += ", required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Tag.Get("yaml"), value, strings.ReplaceAll(f.Tag.Get("doc"), "|", `\|`))
	}
}

// valueOf describes the values of a field.
func valueOf(f reflect.StructField) string {
	if names := schemaOptions.ValuesOf(f.Tag.Get("values")); len(names) > 0 {
		return "`" + strings.Join(names, "`, `") + "`"
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		if f.Tag.Get("format") == "regex" {
			return "regular expression"
		}
		return "text"
	case reflect.Bool:
		return "`true`"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of texts"
	case reflect.Map:
		return "names with texts"
	case reflect.Struct:
		return "[fields](#faults-of-a-line)"
	default:
		return "whole number"
	}
}

// sentence begins a text with a capital letter.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
