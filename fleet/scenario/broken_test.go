// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/scenario"
)

// TestBrokenFiles checks the errors of files that are not YAML, or have another form than
// a scenario.
func TestBrokenFiles(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		// Not YAML. The parser gives no column.
		{"steps:\n\t- new:\n", "test.yaml:2: a tab or another character cannot stand here: indent with spaces"},
		{"steps:\n- new: {}\n - press:\n", "test.yaml:3: "},
		{"steps:\n- new: {name: a\n- press:\n", "test.yaml:3: a comma or } is missing"},
		{"steps:\n- exec: {run: [a, b}\n", "test.yaml:2: a comma or ] is missing"},
		{"steps:\n- send: {line: \"x}\n", "test.yaml:2: a quote is not closed"},
		{"steps:\n- send: {line: 'x}\n", "a quote is not closed"},
		{"name: a: b\nsteps:\n- new:\n", "test.yaml:1: a field cannot begin here: check the indentation, and quote a text with a colon"},
		{"name: @home\nsteps:\n- new:\n", "test.yaml:1: a tab or another character cannot stand here"},
		{"name: `x`\nsteps:\n- new:\n", "quote a text that begins with @, % or `"},
		{"name: *x\nsteps:\n- new:\n", "test.yaml:1: there is no anchor x for the alias *x: put &x before the value"},
		{"name: x\n  at: y\nsteps: []\n", "test.yaml:2: a field cannot begin here"},
		{"steps:\n- new: {}\nname\n", "test.yaml:3: a colon is missing after the name of a field"},
		{"steps:\n- send: {line: |x\n", "test.yaml:2: "},
		{"steps:\n- send:\n    line: |x\n", "test.yaml:3: only a line break can follow | or >"},
		{"name: \xff\xfe\n", "it is not UTF-8 text"},
		{"name: \x01\n", "it has a control character: it is not a text"},
		{"steps: [", "test.yaml:1: a value is missing, or a bracket is not closed"},
		{"%YAML 9.0\n---\nsteps: []\n", "not valid YAML: found incompatible YAML document"},
		{"steps:\n- new:\n---\n{\n", "test.yaml:"},
		{"steps: &s [*s]\n", "test.yaml:1:8: steps: want the fields new, advance"},

		// Another form.
		{"- new:\n- press:\n", "test.yaml:1:1: want the fields name, world_seed, at, clock, steps, not a list"},
		{"hello\n", `test.yaml:1:1: want the fields name, world_seed, at, clock, steps, not the text "hello"`},
		{"5\n", "test.yaml:1:1: want the fields name, world_seed, at, clock, steps, not 5"},
		{"steps: new\n", `test.yaml:1:8: steps: want a list, such as [a, b], not the text "new"`},
		{"steps: {new: {}}\n", "test.yaml:1:8: steps: want a list, such as [a, b], not fields"},
		{"steps: 7\n", "test.yaml:1:8: steps: want a list, such as [a, b], not 7"},
		{"steps:\n- new\n", `test.yaml:2:3: steps: want the fields new, advance, age, skew, temperature, battery, press, expect-display`},
		{"steps:\n- [new]\n", "test.yaml:2:3: steps: want the fields new, advance"},
		{"steps:\n- ~\n", "test.yaml:2:3: a step has exactly one verb"},
		{"steps:\n- {new: {}, press: {}}\n", "test.yaml:2:3: a step has exactly one verb"},
		{"steps:\n- ? [a]\n  : b\n", "test.yaml:2:5: want the name of a field, not a list"},
		{"Steps:\n- new:\n", "test.yaml:1:1: unknown field Steps: did you mean steps? The fields are name, world_seed, at, clock, steps"},
		{"world-seed: 7\nsteps:\n- new:\n", "test.yaml:1:1: unknown field world-seed: did you mean world_seed?"},
		{"world_seed: -7\nsteps:\n- new:\n", "test.yaml:1:13: world_seed: want a whole number that is not negative, not -7"},
		{"world_seed: 7.5\nsteps:\n- new:\n", "test.yaml:1:13: world_seed: want a whole number that is not negative, not 7.5"},
		{"world_seed: 99999999999999999999\nsteps:\n- new:\n", "test.yaml:1:13: world_seed: want a whole number"},
		{"world_seed: [7]\nsteps:\n- new:\n", "test.yaml:1:13: world_seed: want a whole number that is not negative, not a list"},
		{"name: [a]\nsteps:\n- new:\n", "test.yaml:1:7: name: want a text, not a list"},
		{"name: {a: b}\nsteps:\n- new:\n", "test.yaml:1:7: name: want a text, not fields"},
		{"name: a\nsteps:\n- new:\nname: b\n", "test.yaml:4:1: name is given twice, first in line 1: keep one"},
		{"steps:\n- new: {ready: maybe}\n", `test.yaml:2:16: ready: want true or false, not the text "maybe"`},
		{"steps:\n- new: {ready: 1}\n", "test.yaml:2:16: ready: want true or false, not 1"},
		{"steps:\n- new: {ppm: fast}\n", `test.yaml:2:14: ppm: want a number, not the text "fast"`},
		{"steps:\n- new: {count: 1.5}\n", "test.yaml:2:16: count: want a whole number, not 1.5"},
		{"steps:\n- new: {expiry: {to: 2031-01-01}}\n", "test.yaml:2:17: expiry: want a text, not fields"},
		{"steps:\n- new: []\n", "test.yaml:2:8: new: want the fields name, count, profile,"},
		{"steps:\n- advance: P1D\n", `test.yaml:2:12: advance: want the fields by, to, until, not the text "P1D"`},
		{"steps:\n- advance: {for: P1D}\n", "test.yaml:2:13: unknown field for: the fields are by, to, until"},
		{"steps:\n- sleep: {by: 1s}\n", "test.yaml:2:3: unknown step sleep: the steps are new, advance, age,"},
		{"steps:\n- expect_code: {}\n", "test.yaml:2:3: unknown step expect_code: did you mean expect-code?"},
		{"steps:\n- new:\n- snapshot: {name: a, tokens: token}\n", `test.yaml:3:31: tokens: want a list, such as [a, b], not the text "token"`},
		{"steps:\n- exec: ls\n", `test.yaml:2:9: exec: want the fields run, stdin, exit, fails, stdout, stderr, timeout, background, not the text "ls"`},
		{"steps:\n- exec: [ls]\n", "test.yaml:2:9: exec: want the fields run, stdin,"},
		{"steps:\n- exec: {run: ls -l}\n", `test.yaml:2:15: run: want a list, such as [a, b], not the text "ls -l"`},
		{"steps:\n- exec: {cmd: [ls]}\n", "test.yaml:2:10: unknown field cmd: the fields are run, stdin, exit,"},
		{"steps:\n- exec: {run: [[ls]]}\n", "test.yaml:2:16: run: want a text, not a list"},
		{"steps:\n- exec: {run: [ls], exit: zero}\n", `test.yaml:2:27: exit: want a whole number, not the text "zero"`},
		{"steps:\n- http: {url: x, headers: [a]}\n", "test.yaml:2:27: headers: want names with values, such as {a: b}, not a list"},
		{"steps:\n- http: {url: x, headers: {a: [b]}}\n", "test.yaml:2:31: a: want a text, not a list"},
		{"steps:\n- http: {url: x, body: {a: b}}\n", "test.yaml:2:24: body: want a text, not fields"},
		{"steps:\n- http: {url: x, stat: 200}\n", "test.yaml:2:18: unknown field stat: did you mean status?"},
		{"steps:\n- fault: {in: 5}\n", "test.yaml:2:15: in: want the fields seed, flip, drop, double, insert, stall_at, stall, baud, not 5"},
		{"steps:\n- fault: {in: {unplug_after: 5}}\n", "test.yaml:2:16: unknown field unplug_after: the fields are seed, flip,"},
		{"steps:\n- http: {<<: 5}\n", "test.yaml:2:14: <<: want the alias of fields, such as *name, not 5"},
		{"steps:\n- http: &h {url: x}\n- exec: {<<: *h}\n", "test.yaml:2:13: unknown field url: the fields are run,"},
		{"steps:\n- &a {new: {colour: red}}\n- *a\n", "test.yaml:2:13: unknown field colour:"},
	} {
		t.Run(test.text, func(t *testing.T) {
			_, err := scenario.Parse("test.yaml", []byte(test.text))
			require.ErrorIs(t, err, scenario.ErrFile)
			require.ErrorContains(t, err, test.want)
			require.NotRegexp(t, goNames, err.Error())
		})
	}
}

// goNames are texts of the decoder and of Go that mean nothing to the writer of a file.
var goNames = regexp.MustCompile(`!!|scenario\.[a-z]|fleet\.|unmarshal|^yaml|\[\]|float64|uint|reflect|0x`)

// TestBrokenLots checks that the errors of a file of lots have the same form.
func TestBrokenLots(t *testing.T) {
	for text, want := range map[string]string{
		"lots:\n- coutn: 5\n":       "invalid lot: line 2, column 3: unknown field coutn: did you mean count? The fields are name, count,",
		"lots:\n- count: five\n":    `invalid lot: line 2, column 10: count: want a whole number, not the text "five"`,
		"lots: 5\n":                 "invalid lot: line 1, column 7: lots: want a list, such as [a, b], not 5",
		"lots:\n\t- count: 5\n":     "invalid lot: line 2: a tab or another character cannot stand here",
		"lots: []\n---\nlots: []\n": "invalid lot: line 2, column 1: a second document begins after ---",
		"":                          "invalid lot: there is no lot under lots",
	} {
		_, err := fleet.ParseLots([]byte(text))
		require.ErrorIs(t, err, fleet.ErrLot)
		require.ErrorContains(t, err, want)
		require.NotRegexp(t, goNames, err.Error())
	}
}

// TestEmptyFiles reads files without a value, in each way that YAML has for it.
func TestEmptyFiles(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "null", "~", "!", "&a", "!!null ''"} {
		s, err := scenario.Parse("test.yaml", []byte(text))
		require.ErrorIs(t, err, scenario.ErrFile, text)
		require.ErrorContains(t, err, "test.yaml: it is empty: it needs a list of steps", text)
		require.Nil(t, s)
	}
}

// FuzzParse checks that Parse never panics, and that its errors have no Go types.
func FuzzParse(f *testing.F) {
	examples, err := filepath.Glob(filepath.Join("..", "..", "docs", "scenarios", "*.yaml"))
	require.NoError(f, err)
	for _, path := range examples {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte("!")) // a document that is null
	f.Add([]byte("steps:\n- &a {http: &b {<<: [*b, *c]}}\n- *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scenario.Parse("test.yaml", text)
		if err != nil {
			require.ErrorIs(t, err, scenario.ErrFile)
			return
		}
		require.Positive(t, s.Len())
	})
}

// TestMistakesOfForm checks that all mistakes of a file, also of its form, are reported at once, in the order of
// their lines. Names after a step that cannot be read are not mistakes: the step may have
// made them.
func TestMistakesOfForm(t *testing.T) {
	_, err := scenario.Parse("test.yaml", []byte(`nane: a
clock: slow
steps:
- new: {name: alice, counts: 2}
- advance: {by: soon}
- expect_code: {as: otp}
- http: {url: 'http://127.0.0.1/${otp}', status: many}
- expect-code: {token: bob}
- attach: {as: usb}
- {press: {}, hold: {}}
- restore: {name: none}
- wait: {state: ASLEEP}
`))
	require.ErrorIs(t, err, scenario.ErrFile)
	require.Regexp(t, `^invalid scenario: test.yaml:1:1: unknown field nane: did you mean name\? .*
invalid scenario: test.yaml:2:8: clock: "slow": want .*
invalid scenario: test.yaml:4:22: unknown field counts: did you mean count\? .*
invalid scenario: test.yaml:5: advance: by: .*
invalid scenario: test.yaml:6:3: unknown step expect_code: did you mean expect-code\? .*
invalid scenario: test.yaml:7:50: status: want a whole number, not the text "many"
invalid scenario: test.yaml:9: attach: as: .*
invalid scenario: test.yaml:10:15: unknown step hold.*
invalid scenario: test.yaml:12: wait: state: [^\n]*$`, err.Error())
	require.NotRegexp(t, goNames, err.Error())
}
