// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// longest is the longest period by which a token is moved or aged.
const longest = 200 * virtual.Year

// tokenView is a token in the answers of a fleet.
type tokenView struct {
	Tag        uint32    `json:"tag"`
	Seq        uint64    `json:"seq"`
	Now        time.Time `json:"true_time"`
	ErrorMS    *int64    `json:"error_ms"` // nil: the clock is not set
	HardwareID string    `json:"hardware_id"`
	Serial     string    `json:"serial"`
	State      string    `json:"state"`
	Display    string    `json:"display"`
}

// tokenPage is a page of a list of tokens.
type tokenPage struct {
	Items []tokenView `json:"items"`
	Next  string      `json:"next"`
}

// String describes the token in failures.
func (v tokenView) String() string {
	return fmt.Sprintf("the display reads %q (state %s, world's time %s, token's clock %s)",
		v.Display, v.State, v.Now.UTC().Format(time.RFC3339), offset(v.ErrorMS))
}

// offset describes a token's clock by the milliseconds that it is ahead; nil: it is not set.
func offset(ms *int64) string {
	switch {
	case ms == nil:
		return "not set"
	case *ms == 0:
		return "on time"
	}
	return "off by " + fleet.FormatOffset(time.Duration(*ms)*time.Millisecond)
}

func tokenPath(name, rest string) string { return "/v1/tokens/" + url.PathEscape(name) + rest }

// token returns the name in the fleet of the token that a step names.
func (r *runner) token(name string) string {
	if name == "" {
		return r.newest
	}
	if id, ok := r.tokens[name]; ok {
		return id
	}
	return r.expand(name)
}

// look reads a token.
func (r *runner) look(name string) (v tokenView, err error) {
	err = r.get(tokenPath(r.token(name), ""), &v)
	return v, err
}

type newStep struct {
	fleet.Lot `yaml:",inline" name:"name of the token in this file; tokens of a lot are also NAME.1, NAME.2, …; token by default"`
}

func (s *newStep) check(c *checker) error {
	if s.Name == "" {
		s.Name = "token"
	}
	err := c.name(s.Name)
	if c.tokens[s.Name] {
		err = fmt.Errorf("name: there is a token %s already: give another name", s.Name)
	}
	c.any = true
	if c.made += s.Tokens(); c.made > fleet.MaxCount {
		err = cmp.Or(err, fmt.Errorf("count: %d tokens until here, want at most %d", c.made, fleet.MaxCount))
		c.made = 0
	}
	names := []string{s.Name}
	for i := range min(int(s.Count), maxNamed) {
		names = append(names, s.Name+"."+strconv.Itoa(i+1))
	}
	for _, name := range names {
		c.tokens[name] = true
		c.vars[name+".serial"], c.vars[name+".hardware_id"] = true, true
	}
	c.vars["serial"], c.vars["hardware_id"] = true, true
	return cmp.Or(err, s.Check(c.now))
}

// maxNamed is the number of tokens of a lot that have a name of their own.
const maxNamed = 1000

func (s *newStep) run(r *runner) error {
	var made tokenPage
	if err := r.create("/v1/tokens", s.Lot, &made); err != nil {
		return err
	}
	if len(made.Items) == 0 {
		return unmet("at least one token", "the fleet made none")
	}
	for i, t := range made.Items {
		r.mine = append(r.mine, t.HardwareID)
		if s.Count > 0 && i < maxNamed {
			r.name(s.Name+"."+strconv.Itoa(i+1), t)
		}
	}
	r.name(s.Name, made.Items[0])
	r.names = append(r.names, s.Name)
	r.newest = made.Items[0].HardwareID
	r.vars["serial"], r.vars["hardware_id"] = made.Items[0].Serial, made.Items[0].HardwareID
	if !r.Shared {
		return nil
	}
	rest, err := r.restOf(made.Items[0], s.Tokens(), made.Next)
	for _, t := range rest {
		r.mine = append(r.mine, t.HardwareID)
	}
	return err
}

func (r *runner) name(name string, t tokenView) {
	r.tokens[name] = t.HardwareID
	r.vars[name+".serial"], r.vars[name+".hardware_id"] = t.Serial, t.HardwareID
}

// change sends a request that changes a token.
func (r *runner) change(name, rest string, in any) error {
	return r.post(tokenPath(r.token(name), rest), in, nil)
}

type age struct {
	onToken `yaml:",inline"`
	By      string   `yaml:"by" doc:"a period: ISO 8601 such as P2Y6M, or 1h30m" required:"true"`
	Celsius *float64 `yaml:"celsius" doc:"temperature meanwhile; 25 by default" min:"-60" max:"125"`
}

func (s *age) check(c *checker) error {
	_, err := period("by", s.By, -1, 0, longest)
	return cmp.Or(c.token(s.Token), needed("by", s.By), err, celsius(s.Celsius))
}

func (s *age) run(r *runner) error {
	in := map[string]any{"by": s.By}
	if s.Celsius != nil {
		in["celsius"] = *s.Celsius
	}
	return r.change(s.Token, "/age", in)
}

// needed returns an error if a field is empty.
func needed(field, text string) error {
	if text == "" {
		return fmt.Errorf("%s is missing", field)
	}
	return nil
}

type skew struct {
	onToken `yaml:",inline"`
	By      string `yaml:"by" doc:"a period with a sign: +95s moves the token's clock forwards" required:"true"`
}

func (s *skew) check(c *checker) error {
	_, err := period("by", s.By, 0, -longest, longest)
	return cmp.Or(c.token(s.Token), needed("by", s.By), err)
}

func (s *skew) run(r *runner) error { return r.change(s.Token, "/skew", map[string]any{"by": s.By}) }

type temperature struct {
	onToken `yaml:",inline"`
	Celsius *float64 `yaml:"celsius" doc:"from now on" required:"true" min:"-60" max:"125"`
}

func (s *temperature) check(c *checker) error {
	if s.Celsius == nil {
		return errors.New("celsius is missing")
	}
	return cmp.Or(c.token(s.Token), celsius(s.Celsius))
}

// celsius checks a temperature, which in YAML may be .nan.
func celsius(t *float64) error {
	if t != nil && !(*t >= float64(virtual.MinTemperature) && *t <= float64(virtual.MaxTemperature)) {
		return fmt.Errorf("celsius: %v, want %v to %v", *t, virtual.MinTemperature, virtual.MaxTemperature)
	}
	return nil
}

func (s *temperature) run(r *runner) error {
	return r.change(s.Token, "/temperature", map[string]any{"celsius": *s.Celsius})
}

type battery struct {
	onToken `yaml:",inline"`
	Do      string `yaml:"do" doc:"the action" values:"remove,insert,replace" required:"true"`
}

func (s *battery) check(c *checker) error {
	return cmp.Or(c.token(s.Token), oneOf("do", s.Do, "remove", "insert", "replace"))
}

func (s *battery) run(r *runner) error {
	return r.change(s.Token, "/battery", map[string]any{"do": s.Do})
}

type press struct {
	onToken `yaml:",inline"`
	Hold    string `yaml:"hold" doc:"how long the button stays down, in world time; a click by default"`
}

func (s *press) check(c *checker) error {
	_, err := period("hold", s.Hold, 0, 0, time.Hour)
	return cmp.Or(c.token(s.Token), err)
}

func (s *press) run(r *runner) error {
	if s.Hold == "" {
		return r.change(s.Token, "/press", nil)
	}
	return r.change(s.Token, "/press", map[string]any{"hold": s.Hold})
}

type snapshot struct {
	Name   string   `yaml:"name" doc:"for restore; an older snapshot of that name is replaced" required:"true"`
	Tokens []string `yaml:"tokens" doc:"names of tokens; all by default"`
}

func (s *snapshot) check(c *checker) error {
	c.snapshots[s.Name] = true
	err := c.name(s.Name)
	if len(s.Tokens) == 0 && !c.any && !c.unsure {
		err = cmp.Or(err, errors.New("there is no token yet: begin with new, or give tokens"))
	}
	for _, name := range s.Tokens {
		err = cmp.Or(err, c.token(name))
	}
	return err
}

func (s *snapshot) run(r *runner) error {
	tokens := []string{}
	for _, name := range s.Tokens {
		tokens = append(tokens, r.token(name))
	}
	if err := r.takeSnapshot(s.Name, tokens); err != nil {
		return err
	}
	if !slices.Contains(r.snapshots, s.Name) {
		r.snapshots = append(r.snapshots, s.Name)
	}
	return nil
}

type restore struct {
	Name string `yaml:"name" doc:"of the snapshot" required:"true"`
}

func (s *restore) check(c *checker) error {
	if !c.snapshots[s.Name] && !c.unsure {
		return fmt.Errorf("there is no snapshot %q here: take it before with snapshot", s.Name)
	}
	return nil
}

func (s *restore) run(r *runner) error {
	return r.post(snapshotPath(r.traces.prefix+s.Name, "/restore"), nil, nil)
}

// oneOf returns an error if a value is none of those allowed.
func oneOf(field, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("%s: %q, want one of %v", field, value, allowed)
}
