// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/scenario"
	"github.com/d204ef64/fob/internal/errclass"
)

var update = flag.Bool("update", false, "write the schemas in docs")

// TestBadFiles checks the errors of files that are wrong, with their lines.
func TestBadFiles(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "test.yaml: it is empty: it needs a list of steps"},
		{"name: x\n", "test.yaml: there are no steps: list them under steps"},
		{"steps: []\n", "there are no steps"},
		{"steps:\n- press: {}\n---\nsteps: []\n", "test.yaml:3:1: a second document begins after ---: put it in a file of its own"},
		{"stepps:\n- press: {}\n", "test.yaml:1:1: unknown field stepps: did you mean steps? The fields are name, world_seed, at, clock, steps"},
		{"steps:\n- new: {}\n- pres: {}\n", "test.yaml:3:3: unknown step pres: did you mean press? The steps are new, advance, age, "},
		{"steps:\n- new:\n    colour: red\n", "test.yaml:3:5: unknown field colour: the fields are name, count, profile, "},
		{"steps:\n- new: {}\n- press: {token: [a]}\n", "test.yaml:3:18: token: want a text, not a list"},
		{"steps:\n- new: {count: many}\n", `test.yaml:2:16: count: want a whole number, not the text "many"`},
		{"steps:\n- new: {}\n- press: now\n", `test.yaml:3:10: press: want the fields token, hold, not the text "now"`},
		{"steps:\n- new: {}\n- new: {}\n  press: {}\n", "test.yaml:3:3: a step has exactly one verb"},
		{"steps:\n- {}\n", "test.yaml:2:3: a step has exactly one verb"},
		{"steps:\n- new: {}\n  new: {}\n", "test.yaml:3:3: new is given twice, first in line 2"},
		{"steps:\n- new: {\n", "test.yaml:2: a value is missing, or a bracket is not closed"},
		{"at: tomorrow\nsteps:\n- new:\n", `test.yaml:1:5: at: "tomorrow" is not a time such as 2026-01-01T00:00:00Z`},
		{"clock: slow\nsteps:\n- new:\n", `test.yaml:1:8: clock: "slow": want manual, real or scaled:N`},
		{"clock: scaled:x\nsteps:\n- new:\n", `test.yaml:1:8: clock: "scaled:x": want scaled:N with a number N`},

		{"steps:\n- press:\n", "test.yaml:2: press: there is no token yet"},
		{"steps:\n- new: {name: alice}\n- press: {token: bob}\n", "test.yaml:3: press: there is no token bob here: the tokens are alice"},
		{"steps:\n- new: {name: 1a}\n", `test.yaml:2: new: name: "1a": want a letter`},
		{"steps:\n- new:\n- new:\n", "test.yaml:3: new: name: there is a token token already"},
		{"steps:\n- advance: {}\n", "test.yaml:2: advance: give exactly one of by, to and until"},
		{"steps:\n- advance: {by: P1D, until: event}\n", "test.yaml:2: advance: give exactly one of by, to and until"},
		{"steps:\n- advance: {by: -P1D}\n", "test.yaml:2: advance: by: a period of -1d 00:00:00, want 0 s to"},
		{"steps:\n- advance: {by: 3 years}\n", `test.yaml:2: advance: by: invalid period: "3 years"`},
		{"steps:\n- advance: {to: noon}\n", `test.yaml:2: advance: to: "noon" is not a time`},
		{"steps:\n- advance: {until: noon}\n", `test.yaml:2: advance: until: "noon", want one of [next_step event]`},
		{"steps:\n- new:\n- age: {}\n", "test.yaml:3: age: by is missing"},
		{"steps:\n- new:\n- age: {by: P500Y}\n", "test.yaml:3: age: by: invalid period"},
		{"steps:\n- new:\n- age: {by: P250Y}\n", "test.yaml:3: age: by: a period of"},
		{"steps:\n- new: {crystal: quartz}\n", `test.yaml:2: new: invalid lot: there is no crystal "quartz": there are model, perfect`},
		{"steps:\n- new: {ppm: 5, crystal: c200}\n", "test.yaml:2: new: invalid lot: ppm has no effect: it needs the crystal model or perfect"},
		{"steps:\n- new: {profile: pager}\n", "test.yaml:2: new: invalid lot: profile: "},
		{"steps:\n- new: {expiry: 2030-01-01}\n", "test.yaml:2: new: invalid lot: expiry has no effect: it needs ready"},
		{"steps:\n- new: {ready: true, expiry: soon}\n", "test.yaml:2: new: invalid lot: expiry: "},
		{"at: 2026-01-01T00:00:00Z\nsteps:\n- new: {ready: true, expiry_to: 2030-01-01}\n", "test.yaml:3: new: invalid lot: expiry_to 2030-01-01 is before expiry 2031-01-01"},
		{"steps:\n- new: {age: P2Y, age_to: P1Y}\n", "test.yaml:2: new: invalid lot: age_to P1Y is less than age P2Y"},
		{"steps:\n- new: {temp: 200}\n", "test.yaml:2: new: invalid lot: 200 °C, want -60 to 125"},
		{"steps:\n- new: {count: 100000000}\n", "test.yaml:2: new: count: 100000000 tokens until here, want at most"},
		{"steps:\n- new: {name: a, count: 900000}\n- new: {count: 900000}\n", "test.yaml:3: new: count: 1800000 tokens until here, want at most 1000000"},
		{"steps:\n- snapshot: {name: a}\n", "test.yaml:2: snapshot: there is no token yet: begin with new, or give tokens"},
		{"at: 1969-12-31T23:59:59Z\nsteps:\n- new:\n", "test.yaml:1:5: at: the world lies between 1970-01-01T00:00:00Z and 2261-12-31T23:59:59Z"},
		{"at: 2026-01-01T00:00:00Z\nsteps:\n- advance: {to: 2020-01-01T00:00:00Z}\n", "test.yaml:3: advance: to: time does not run backwards: it is 2026-01-01T00:00:00Z already"},
		{"steps:\n- advance: {to: 2027-01-01T00:00:00Z}\n- advance: {by: P1D}\n- advance: {to: 2027-01-01T23:59:59Z}\n", "test.yaml:4: advance: to: time does not run backwards: it is 2027-01-02T00:00:00Z already"},
		{"steps:\n- advance: {to: 2400-01-01T00:00:00Z}\n", "test.yaml:2: advance: to: the world lies between"},
		{"steps:\n- advance: {to: 1960-01-01T00:00:00Z}\n", "test.yaml:2: advance: to: the world lies between"},
		{"at: 2200-01-01T00:00:00Z\nsteps:\n- advance: {by: P40Y}\n- advance: {by: P40Y}\n", "test.yaml:4: advance: by: the world ends at 2261-12-31T23:59:59Z, and it is 22"},
		{"steps:\n- new:\n- skew: {}\n", "test.yaml:3: skew: by is missing"},
		{"steps:\n- new:\n- temperature: {celsius: .nan}\n", "test.yaml:3: temperature: celsius: NaN, want -60 to 125"},
		{"steps:\n- new:\n- temperature: {celsius: .inf}\n", "test.yaml:3: temperature: celsius: +Inf, want -60 to 125"},
		{"steps:\n- new:\n- temperature: {celsius: -61}\n", "test.yaml:3: temperature: celsius: -61, want -60 to 125"},
		{"steps:\n- new:\n- temperature: {}\n", "test.yaml:3: temperature: celsius is missing"},
		{"steps:\n- new:\n- age: {by: 1y, celsius: .nan}\n", "test.yaml:3: age: celsius: NaN, want -60 to 125"},
		{"steps:\n- new:\n- attach:\n- fault: {in: {drop: .nan}}\n", "test.yaml:4: fault: in: a probability of NaN, want 0 to 1"},
		{"steps:\n- new:\n- attach:\n- fault: {in: {stall: 2s}}\n", "test.yaml:4: fault: in: stall_at and stall go together"},
		{"steps:\n- new:\n- attach:\n- fault: {out: {stall_at: 2}}\n", "test.yaml:4: fault: out: stall_at and stall go together"},
		{"clock: scaled:NaN\nsteps:\n- new:\n", `test.yaml:1:8: clock: "scaled:NaN": want scaled:N with a number N from 0.001 to 1e+09`},
		{"clock: scaled:1e12\nsteps:\n- new:\n", `test.yaml:1:8: clock: "scaled:1e12": want scaled:N with a number N from 0.001 to 1e+09`},
		{"steps:\n- new:\n- battery: {do: lick}\n", `test.yaml:3: battery: do: "lick", want one of [remove insert replace]`},
		{"steps:\n- new:\n- press: {hold: PT2H}\n", "test.yaml:3: press: hold: a period of 02:00:00, want 0 s to 01:00:00"},
		{"steps:\n- new:\n- expect-display: {}\n", "test.yaml:3: expect-display: give text, state or both"},
		{"steps:\n- new:\n- expect-display: {state: HAPPY}\n", `test.yaml:3: expect-display: state: there is no state "HAPPY": there are BLANK, PROVISIONED, LOCKED, EXPIRED, DEAD, WIPED`},
		{"steps:\n- new:\n- expect-display: {text: '('}\n", "test.yaml:3: expect-display: text: not a regular expression (RE2)"},
		{"steps:\n- new:\n- expect-code: {window: 1}\n", "test.yaml:3: expect-code: give window and passes together"},
		{"steps:\n- new:\n- expect-code: {window: 5000, passes: true}\n", "test.yaml:3: expect-code: window: 5000, want 0 to 1000"},
		{"steps:\n- new:\n- expect-code: {none: true, offset: 1}\n", "test.yaml:3: expect-code: none can be combined with token only"},
		{"steps:\n- new:\n- expect-code: {as: a.b}\n", `test.yaml:3: expect-code: name: "a.b"`},
		{"steps:\n- new:\n- wait: {within: PT1S}\n", "test.yaml:3: wait: give at least one of text, state and event"},
		{"steps:\n- new:\n- wait: {event: party}\n", `test.yaml:3: wait: event: there is no event "party": there are made, press,`},
		{"steps:\n- new:\n- send: {line: x}\n", "test.yaml:3: send: there is no port here: open one with attach"},
		{"steps:\n- new:\n- attach:\n- send: {port: rig, line: x}\n", "test.yaml:4: send: there is no port rig here: the ports are port"},
		{"steps:\n- new:\n- attach: {as: carrier-pigeon}\n", `test.yaml:3: attach: as: "carrier-pigeon", want one of [tcp pty rfc2217]`},
		{"steps:\n- new:\n- attach:\n- attach:\n", "test.yaml:4: attach: name: there is a port port already"},
		{"steps:\n- new:\n- attach:\n- send: {}\n", "test.yaml:4: send: give exactly one of line, text and hex"},
		{"steps:\n- new:\n- attach:\n- send: {hex: '1'}\n", "test.yaml:4: send: hex: want an even number of hexadecimal digits"},
		{"steps:\n- new:\n- attach:\n- expect-line:\n", "test.yaml:4: expect-line: match is missing"},
		{"steps:\n- new:\n- attach:\n- unplug:\n- unplug:\n", "test.yaml:5: unplug: the port port is unplugged: replug it first"},
		{"steps:\n- new:\n- attach: {name: a}\n- attach: {name: b}\n- unplug: {port: a}\n- send: {line: x}\n- send: {port: a, line: x}\n", "test.yaml:7: send: the port a is unplugged: replug it first"},
		{"steps:\n- new:\n- attach:\n- unplug:\n- expect-line: {match: x}\n", "test.yaml:5: expect-line: the port port is unplugged: replug it first"},
		{"steps:\n- new:\n- attach:\n- unplug: {after_bytes: -1}\n", "test.yaml:4: unplug: after_bytes: -1"},
		{"steps:\n- new:\n- fault: {}\n", "test.yaml:3: fault: no fault is given"},
		{"steps:\n- new:\n- fault: {dead: [d9.x]}\n", "test.yaml:3: fault: dead: no such segment"},
		{"steps:\n- new:\n- fault: {clear: true, flash_fail: true}\n", "test.yaml:3: fault: clear can be combined with token or port only"},
		{"steps:\n- new:\n- attach:\n- fault: {port: port, flash_fail: true}\n", "test.yaml:4: fault: faults of a token and of a line need a step each"},
		{"steps:\n- new:\n- attach:\n- fault: {in: {drop: 2}}\n", "test.yaml:4: fault: in: a probability of 2, want 0 to 1"},
		{"steps:\n- restore: {name: a}\n", `test.yaml:2: restore: there is no snapshot "a" here`},
		{"steps:\n- export: {file: ../x}\n", `test.yaml:2: export: file: "../x": want the name of a file`},
		{"steps:\n- export: {file: x, format: docx}\n", "test.yaml:2: export: "},
		{"steps:\n- http: {}\n", "test.yaml:2: http: url is missing"},
		{"steps:\n- http: {url: foo}\n", "test.yaml:2: http: url: foo is not an address that begins with http:// or https://"},
		{"steps:\n- http: {url: 'ftp://127.0.0.1/'}\n", "test.yaml:2: http: url: ftp://127.0.0.1/ is not an address that begins with http:// or https://"},
		{"steps:\n- http: {url: 'foo/${now}'}\n", "test.yaml:2: http: url: foo/${now} is not an address that begins"},
		{"steps:\n- http: {url: 'http://:80/'}\n", "test.yaml:2: http: url: http://:80/ is not an address"},
		{"steps:\n- http: {url: 'http://x:99999/'}\n", "test.yaml:2: http: url: http://x:99999/ is not an address"},
		{"steps:\n- http: {url: 'http://x/', method: 'A,B'}\n", `test.yaml:2: http: method: "A,B" is not a method`},
		{"steps:\n- http: {url: 'http://x/', headers: {'a(b': c}}\n", `test.yaml:2: http: headers: "a(b" is not the name of a field`},
		{"steps:\n- http: {url: 'http://x/', headers: {a: \"b\\nc\"}}\n", "test.yaml:2: http: headers: the value of a has a line break"},
		{"steps:\n- http: {url: 'http://x/${code}'}\n", "test.yaml:2: http: there is no variable ${code} here: the variables are dir, fob, here, now, now_unix, world_seed"},
		{"steps:\n- http: {url: 'http://x/', status: 20}\n", "test.yaml:2: http: status: 20, want 100 to 599"},
		{"steps:\n- http: {url: 'http://x/', headers: {'a b': c}}\n", `test.yaml:2: http: headers: "a b" is not the name of a field`},
		{"steps:\n- http: {url: 'http://x/', method: 'A B'}\n", `test.yaml:2: http: method: "A B" is not a method`},
		{"steps:\n- exec: {}\n", "test.yaml:2: exec: run: the command is missing"},
		{"steps:\n- exec: {run: [x], exit: 300}\n", "test.yaml:2: exec: exit: 300, want 0 to 255"},
		{"steps:\n- exec: {run: [x], exit: 3, fails: true}\n", "test.yaml:2: exec: give exit or fails"},
		{"steps:\n- exec: {run: [x], background: true}\n", "test.yaml:2: exec: background needs stdout"},
		{"steps:\n- exec: {run: [x], background: true, stdout: y, exit: 1}\n", "test.yaml:2: exec: background cannot be combined with exit, fails or stderr"},
		{"steps:\n- exec: {run: [x], timeout: soon}\n", "test.yaml:2: exec: timeout: invalid period"},
	} {
		t.Run(test.text, func(t *testing.T) {
			_, err := scenario.Parse("test.yaml", []byte(test.text))
			require.ErrorIs(t, err, scenario.ErrFile)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "scenario.")
			var classed errclass.Classed
			require.ErrorAs(t, err, &classed)
			require.Equal(t, errclass.Usage, classed.ErrorClass())
		})
	}
}

// TestAllMistakes checks that a file's mistakes are reported together, without those that
// only follow from another, and that a file with many reports the first ten.
func TestAllMistakes(t *testing.T) {
	_, err := scenario.Parse("test.yaml", []byte(`at: yesterday
name: x
clock: sometimes
steps:
- new: {name: 1a, crystal: quartz}
- press: {token: 1a}
- snapshot: {name: 1s}
- restore: {name: 1s}
- attach: {name: 1p}
- send: {port: 1p, line: x}
- expect-code: {as: a.b}
- expect-display: {text: '(?P<shown>('}
- exec: {run: [''], stdout: '(?P<out>.)'}
- http: {url: foo, body: '${shown} ${out} ${a.b}', match: '(?P<id>.)'}
- exec: {run: [echo, '${id}']}
`))
	require.Equal(t, []string{
		"test.yaml:1:5: at:", "test.yaml:3:8: clock:", "test.yaml:5: new: name:", "test.yaml:7: snapshot: name:", "test.yaml:9: attach: name:",
		"test.yaml:11: expect-code: name:", "test.yaml:12: expect-display: text:", "test.yaml:13: exec: run:", "test.yaml:14: http: url:",
	}, places(t, err))

	_, err = scenario.Parse("test.yaml", []byte("steps:\n"+strings.Repeat("- press: {hold: x}\n", 12)))
	require.Len(t, places(t, err), 11)
	require.True(t, strings.HasSuffix(err.Error(), "\ninvalid scenario: test.yaml: 2 more mistakes"), "%v", err)
}

// places returns the beginning of each line of an error.
func places(t *testing.T, err error) (list []string) {
	t.Helper()
	require.ErrorIs(t, err, scenario.ErrFile)
	for line := range strings.Lines(err.Error()) {
		text, ok := strings.CutPrefix(line, "invalid scenario: ")
		require.True(t, ok, line)
		list = append(list, regexp.MustCompile(`^\S+( [a-z-]+:){0,2}`).FindString(text))
	}
	for i := range list[:2] { // the head: the rest is the value
		list[i] = strings.Join(strings.Fields(list[i])[:min(2, len(strings.Fields(list[i])))], " ")
	}
	return list
}

// TestStatesInAnyCase: a state and an event are read in upper and lower case.
func TestStatesInAnyCase(t *testing.T) {
	r := do(t, head+`- new: {ready: true}
- expect-display: {state: locked}
- wait: {state: Locked}
- wait: {event: DISPLAY-ON, state: locked, within: 1d}
`, scenario.Options{}, false)
	require.ErrorContains(t, r.Err, "event display-on within 1d 00:00:00, but")
}

const failing = head + `- new: {name: alice, ready: true}
- new: {name: bob}
- snapshot: {name: before, tokens: [alice]}
- snapshot: {name: failure, tokens: [alice]}
- exec: {run: [sh, -c, 'echo ready; exec sleep 1000'], background: true, stdout: ready}
- advance: {by: P1D}
- expect-display: {token: bob, state: LOCKED}
`

// TestArtifacts checks the files of a failure.
func TestArtifacts(t *testing.T) {
	for _, seeds := range []bool{false, true} {
		dir := t.TempDir()
		r := do(t, failing, scenario.Options{Artifacts: dir, Repeat: "fob scenario run test.yaml"}, seeds)
		require.Error(t, r.Err)
		require.Equal(t, dir, r.Artifacts)
		read := func(name string) string {
			b, err := os.ReadFile(filepath.Join(r.Artifacts, name))
			require.NoError(t, err)
			return string(b)
		}
		require.Equal(t, r.Err.Error()+"\n", read("failure.txt"))
		require.Equal(t, "#!/bin/sh\nfob scenario run test.yaml --world-seed 7\n", read("repeat.sh"))
		lines := strings.Split(strings.TrimSpace(read("events.jsonl")), "\n")
		for i, line := range lines {
			var e fleet.EventLine
			require.NoError(t, json.Unmarshal([]byte(line), &e))
			require.EqualValues(t, i+1, e.Seq)
		}
		require.Contains(t, lines[len(lines)-1], `"event":"advance"`)
		for _, name := range []string{"alice", "bob"} {
			_, err := png.Decode(strings.NewReader(read("display-" + name + ".png")))
			require.NoError(t, err)
		}
		require.Equal(t, "ready\n", read("exec-1-sh.txt"))

		snapshots, err := filepath.Glob(filepath.Join(r.Artifacts, "*.bin"))
		require.NoError(t, err)
		if !seeds {
			require.Empty(t, snapshots, "a snapshot holds seeds")
			continue
		}
		f := serve(t, r.Scenario, false)
		for name, tokens := range map[string]int{"snapshot-before": 1, "snapshot-failure": 1, "failure": 2} {
			path := filepath.Join(r.Artifacts, name+".bin")
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, "only the owner may read seeds")
			snap, err := f.LoadSnapshot(name, []byte(read(name+".bin")))
			require.NoError(t, err)
			require.Equal(t, tokens, snap.Len())
		}
	}
}

// TestArtifactsRefused checks that the failure is reported even if nothing can be
// written.
func TestArtifactsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	r := do(t, failing, scenario.Options{Artifacts: file}, false)
	require.ErrorContains(t, r.Err, "test.yaml:10: expect-display: ")
	require.ErrorContains(t, r.Err, "writing the artifacts: ")

	r = do(t, failing, scenario.Options{Events: filepath.Join(file, "events")}, false)
	require.ErrorContains(t, r.Err, "writing the event log: ")
	require.Zero(t, r.Steps)
}

// TestJUnit reads a report with the names of elements and attributes that GitLab reads:
// testsuite and testcase with name, classname, file and time; failure, error and
// system-out (docs.gitlab.com, Unit test reports). Jenkins reads the same.
func TestJUnit(t *testing.T) {
	s, err := scenario.Parse("dir/drift.yaml", []byte("name: drift & <co>\n"+head+"- new:\n"))
	require.NoError(t, err)
	begun := time.Date(2026, 11, 29, 12, 0, 0, 0, time.FixedZone("JST", 9*3600))
	results := []*scenario.Result{
		{Scenario: s, Steps: 1, WorldSeed: 7, Took: 1500 * time.Millisecond, Begun: begun},
		{Scenario: s, Err: &scenario.Failure{File: "dir/drift.yaml", Line: 4, Step: "new", Err: errors.New("bad\x1b[31m\nsecond line")}, Begun: begun},
		{Scenario: s, Err: errors.New("unreachable"), Took: 250 * time.Millisecond, Begun: begun},
	}
	var b bytes.Buffer
	require.NoError(t, scenario.WriteJUnit(&b, results))
	var report struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []struct {
			Tests     int    `xml:"tests,attr"`
			Failures  int    `xml:"failures,attr"`
			Errors    int    `xml:"errors,attr"`
			Time      string `xml:"time,attr"`
			Timestamp string `xml:"timestamp,attr"`
			Cases     []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				File    string `xml:"file,attr"`
				Time    string `xml:"time,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Type    string `xml:"type,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Error *struct {
					Message string `xml:"message,attr"`
				} `xml:"error"`
				Output string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &report), "%s", b.String())
	require.Len(t, report.Suites, 1)
	suite := report.Suites[0]
	require.Equal(t, []int{3, 1, 1}, []int{suite.Tests, suite.Failures, suite.Errors})
	require.Equal(t, "1.750", suite.Time)
	require.Equal(t, "2026-11-29T03:00:00", suite.Timestamp)
	require.Len(t, suite.Cases, 3)
	passed, failed, broken := suite.Cases[0], suite.Cases[1], suite.Cases[2]
	require.Equal(t, []string{"drift & <co>", "scenario.drift", "dir/drift.yaml", "1.500"}, []string{passed.Name, passed.Class, passed.File, passed.Time})
	require.Nil(t, passed.Failure)
	require.Nil(t, passed.Error)
	require.Equal(t, "1 of 1 steps, world seed 7", passed.Output)
	require.Equal(t, "dir/drift.yaml:4: new: bad\uFFFD[31m", failed.Failure.Message)
	require.Equal(t, "new", failed.Failure.Type)
	require.Contains(t, failed.Failure.Text, "second line")
	require.Equal(t, "unreachable", broken.Error.Message)
}

// TestSchemas checks that the schemas in docs match the Go types. Write them with
// go test ./fleet/scenario -update.
func TestSchemas(t *testing.T) {
	for path, f := range map[string]func() ([]byte, error){
		"scenarios/scenario.schema.json": scenario.Schema, "lot.schema.json": scenario.LotSchema,
	} {
		path = filepath.Join("..", "..", "docs", path)
		want, err := f()
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(path, want, 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "go test ./fleet/scenario -update")
	}
}

// TestExamplesFitSchema checks that the examples parse, name the schema for editors, and
// use verbs that it has.
func TestExamplesFitSchema(t *testing.T) {
	text, err := scenario.Schema()
	require.NoError(t, err)
	var s struct {
		Properties struct {
			Steps struct {
				Items struct {
					Properties map[string]any `json:"properties"`
					Others     *bool          `json:"additionalProperties"`
				} `json:"items"`
			} `json:"steps"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	require.NoError(t, json.Unmarshal(text, &s))
	require.Equal(t, []string{"steps"}, s.Required)
	require.False(t, *s.Properties.Steps.Items.Others)
	examples, err := filepath.Glob(filepath.Join("..", "..", "docs", "scenarios", "*.yaml"))
	require.NoError(t, err)
	require.Len(t, examples, 6)
	for _, path := range examples {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = scenario.Parse(path, b)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(b, []byte("# yaml-language-server: $schema=scenario.schema.json\n")), path)
		var file struct{ Steps []map[string]any }
		require.NoError(t, yaml.Unmarshal(b, &file))
		for _, step := range file.Steps {
			for verb := range step {
				require.Contains(t, s.Properties.Steps.Items.Properties, verb)
			}
		}
	}
}
