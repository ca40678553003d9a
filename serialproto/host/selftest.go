// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"

	"github.com/d204ef64/fob/serialproto"
)

// SelfTest is the result of a self-test.
type SelfTest struct {
	Flash  bool // the record in flash matches the one in memory
	Crypto bool // the known-answer tests passed
	Clock  bool // the clock has been set
	Supply int  // millivolts
	Parts  []PartResult
}

// PartResult is the result of one part of a self-test.
type PartResult struct {
	Part    serialproto.Part
	Verdict serialproto.Verdict
}

// Passed reports whether no part failed. A clock that has not been set is not a
// failure, because a blank token has none. A part that the device has no hardware for
// is not a failure either, nor is a part that is missing in Parts because the firmware
// does not support it.
func (t SelfTest) Passed() bool {
	for _, p := range t.Parts {
		if p.Verdict == serialproto.Failed {
			return false
		}
	}
	return t.Flash && t.Crypto
}

// Verdict returns the result of a part; ok is false if the device did not report it.
func (t SelfTest) Verdict(p serialproto.Part) (v serialproto.Verdict, ok bool) {
	for _, r := range t.Parts {
		if r.Part == p {
			return r.Verdict, true
		}
	}
	return 0, false
}

// SelfTest runs the token's self-test. All segments light up for two seconds.
func (c *Client) SelfTest(ctx context.Context) (SelfTest, error) {
	var m map[string]any
	err := c.do(ctx, request{name: "selftest", op: serialproto.OpWrite, group: serialproto.GroupToken, command: serialproto.CmdTokenSelfTest}, &m)
	if err != nil {
		return SelfTest{}, err
	}
	var t SelfTest
	for key, to := range map[string]*bool{"flash": &t.Flash, "crypto": &t.Crypto, "clock": &t.Clock} {
		v, ok := m[key].(bool)
		if !ok {
			return SelfTest{}, fmt.Errorf("selftest: %w: %s is missing or not a boolean", ErrProtocol, key)
		}
		*to = v
	}
	if v, ok := m["mv"].(uint64); ok && v < 1<<31 {
		t.Supply = int(v)
	}
	for p := range serialproto.PartCount {
		answer, reported := m[p.String()]
		if !reported {
			continue
		}
		v, ok := answer.(uint64)
		if !ok || v > uint64(serialproto.NotApplicable) {
			return SelfTest{}, fmt.Errorf("selftest: %w: unknown result of %s", ErrProtocol, p)
		}
		t.Parts = append(t.Parts, PartResult{p, serialproto.Verdict(v)})
	}
	return t, nil
}
