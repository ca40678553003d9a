// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// The printed results of a part of the self-test.
const (
	testPassed        = "passed"
	testFailed        = "failed"
	testNotApplicable = "not applicable"
	testNotReported   = "not reported" // the firmware is older than the part
	testUndecided     = "undecided"    // the line is too slow for the time given
	testLeftOut       = "left out"     // by a flag
)

// selfTestResult is the output of fob device selftest.
type selfTestResult struct {
	Passed     bool              `json:"passed"`
	Flash      bool              `json:"flash"`
	Crypto     bool              `json:"crypto"`
	ClockSet   bool              `json:"clock_set"`
	Millivolts int               `json:"millivolts"`
	Parts      map[string]string `json:"parts"`
	Crystal    *crystalResult    `json:"crystal"` // null: not measured
}

type crystalResult struct {
	PPM     float64 `json:"ppm"`
	Spread  float64 `json:"spread_ppm"`
	Seconds float64 `json:"seconds"`
}

// selfTest is the state of the command fob device selftest.
type selfTest struct {
	*device
	longest time.Duration
	limit   float64
}

func newSelfTestCmd(d *device) *cobra.Command {
	t := selfTest{device: d}
	cmd := d.command("selftest", "Run the token's self-test and measure its crystal", `Run the token's self-test, turn on all segments for two seconds, and compare the
crystal with this machine's clock, or with the world's time of a virtual token.

The parts are flash (the token's record), sha1, sha256, sha512, x25519 and gcm
(known answers), ram (a pattern), image (the program's checksum), entropy
(health of the random source) and crystal. A part is "not applicable" if the
device has nothing to test, and "not reported" if the firmware is older than the
test. A part that did not run is never "passed". The exit code is 1 if a part
failed, or if the crystal is still undecided when --crystal ends.`, t.run)
	cmd.Example = `  fob device selftest --port /dev/ttyACM0
  fob device selftest --port /dev/ttyACM0 --crystal 2m --crystal-limit 100 --json`
	f := cmd.Flags()
	f.DurationVar(&t.longest, "crystal", 30*time.Second, "longest time to measure the crystal; ends once the result is certain; 0 skips it")
	f.Float64Var(&t.limit, "crystal-limit", 1000, "largest deviation of the crystal, in `PPM`")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case t.longest < 0:
			return usagef("--crystal %v: want 0 or more", t.longest)
		case !(t.limit > 0) || t.limit > 1e6:
			return usagef("--crystal-limit %v: want more than 0 and at most 1000000", t.limit)
		}
		return run(cmd, args)
	}
	return cmd
}

func (t *selfTest) run(ctx context.Context, c *host.Client) error {
	test, err := c.SelfTest(ctx)
	if err != nil {
		return err
	}
	r := selfTestResult{
		Passed: test.Passed(), Flash: test.Flash, Crypto: test.Crypto, ClockSet: test.Clock, Millivolts: test.Supply,
		Parts: map[string]string{},
	}
	names, wrong := []string{"flash"}, []string(nil)
	r.Parts["flash"] = map[bool]string{true: testPassed, false: testFailed}[test.Flash]
	for p := range serialproto.PartCount {
		names = append(names, p.String())
		r.Parts[p.String()] = partResult(test, p)
	}
	names = append(names, "crystal")
	r.Parts["crystal"], r.Crystal, err = t.crystal(ctx, c)
	if err != nil {
		return err
	}
	for _, name := range names {
		if s := r.Parts[name]; s == testFailed || s == testUndecided {
			wrong = append(wrong, name+" "+s)
		}
	}
	if !test.Crypto && len(wrong) == 0 { // an older firmware, which does not report the parts
		wrong = append(wrong, "crypto "+testFailed)
	}
	r.Passed = len(wrong) == 0
	if err := t.print(r, r.text(names)); err != nil {
		return err
	}
	if !r.Passed {
		return fmt.Errorf("the self-test did not pass: %s", strings.Join(wrong, ", "))
	}
	return nil
}

// text returns the result as text, one line per part.
func (r *selfTestResult) text(names []string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%-8s %s", name, r.Parts[name])
		if name == "crystal" && r.Crystal != nil {
			fmt.Fprintf(&b, " (%+.0f ± %.0f ppm in %.1f s)", r.Crystal.PPM, r.Crystal.Spread, r.Crystal.Seconds)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "crypto   %s\n", map[bool]string{true: testPassed, false: testFailed}[r.Crypto])
	fmt.Fprintf(&b, "clock    %s\nsupply   %d mV\n", map[bool]string{true: "set", false: "not set"}[r.ClockSet], r.Millivolts)
	return b.String()
}

func partResult(t host.SelfTest, p serialproto.Part) string {
	v, ok := t.Verdict(p)
	switch {
	case !ok:
		return testNotReported
	case v == serialproto.Passed:
		return testPassed
	case v == serialproto.NotApplicable:
		return testNotApplicable
	}
	return testFailed
}

// crystal measures the crystal. It cannot be measured if the world of a virtual token
// stands still.
func (t *selfTest) crystal(ctx context.Context, c *host.Client) (string, *crystalResult, error) {
	if t.longest == 0 {
		return testLeftOut, nil, nil
	}
	m, err := c.MeasureCrystal(ctx, t.limit, t.longest)
	switch {
	case errors.Is(err, serialproto.RCUnsupported):
		return testNotReported, nil, nil
	case errors.Is(err, host.ErrClockStopped):
		return testNotApplicable, nil, nil
	case err != nil:
		return "", nil, err
	}
	var r *crystalResult
	if !math.IsInf(m.Low, 0) && !math.IsInf(m.High, 0) {
		middle, spread := m.PPM()
		r = &crystalResult{round(middle), round(spread), m.Elapsed.Round(time.Millisecond).Seconds()}
	}
	switch {
	case m.Within(t.limit):
		return testPassed, r, nil
	case m.Beyond(t.limit):
		return testFailed, r, nil
	}
	return testUndecided, r, nil
}

// round removes insignificant digits of a number of ppm.
func round(ppm float64) float64 { return math.Round(ppm*10) / 10 }
