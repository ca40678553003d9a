// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
)

// variable is the use of a variable in a text, such as ${code}.
var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

// group is the beginning of a named group in a regular expression.
var group = regexp.MustCompile(`\(\?P?<(\w+)>`)

// nameForm is the form of the names of tokens, ports, snapshots and processes.
var nameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// given are the variables of every scenario.
var given = []string{"dir", "here", "fob", "world_seed", "now", "now_unix"}

// checker follows which names exist at a step.
type checker struct {
	vars, tokens, ports, snapshots map[string]bool

	any  bool      // a token was made
	made int       // number of tokens that were made
	now  time.Time // the world's time is not before it

	port      string          // the newest
	unplugged map[string]bool // ports that are unplugged for certain
	unsure    bool            // a step before could not be read: other names may exist
	blind     bool            // a command in the background may plug in and unplug ports
}

func newChecker(now time.Time) *checker {
	c := &checker{
		vars: map[string]bool{}, tokens: map[string]bool{}, ports: map[string]bool{}, snapshots: map[string]bool{},
		now: now, unplugged: map[string]bool{},
	}
	for _, name := range given {
		c.vars[name] = true
	}
	return c
}

// texts checks the variables in texts.
func (c *checker) texts(texts ...string) error {
	for _, text := range texts {
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			if !c.vars[m[1]] && !c.unsure {
				return fmt.Errorf("there is no variable %s here: the variables are %s", m[0], strings.Join(slices.Sorted(maps.Keys(c.vars)), ", "))
			}
		}
	}
	return nil
}

// pattern checks a regular expression. Its named groups become variables.
func (c *checker) pattern(field, text string) error {
	unknown := c.texts(text)
	re, err := regexp.Compile(variable.ReplaceAllString(text, "x"))
	if err != nil {
		for _, m := range group.FindAllStringSubmatch(text, -1) {
			c.vars[m[1]] = true // the steps that use it are not wrong
		}
		return fmt.Errorf("%s: not a regular expression (RE2): %w", field, err)
	}
	for _, name := range re.SubexpNames() {
		if name != "" {
			c.vars[name] = true
		}
	}
	if unknown != nil {
		return fmt.Errorf("%s: %w", field, unknown)
	}
	return nil
}

// name checks a new name.
func (c *checker) name(name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("name: %q: want a letter, then letters, digits, _ and -", name)
	}
	return nil
}

func (c *checker) token(name string) error {
	switch {
	case c.unsure:
		return nil
	case name == "" && !c.any:
		return fmt.Errorf("there is no token yet: begin with new, or give token")
	case name == "" || c.tokens[name]:
		return nil
	case !strings.ContainsAny(name, "0123456789"):
		return fmt.Errorf("there is no token %s here: the tokens are %s", name, strings.Join(slices.Sorted(maps.Keys(c.tokens)), ", "))
	}
	return c.texts(name) // a serial number or a hardware id
}

// hasPort checks the port of a step. An empty name is the newest.
func (c *checker) hasPort(name string) error {
	switch {
	case c.unsure:
		return nil
	case len(c.ports) == 0:
		return fmt.Errorf("there is no port here: open one with attach")
	case name != "" && !c.ports[name]:
		return fmt.Errorf("there is no port %s here: the ports are %s", name, strings.Join(slices.Sorted(maps.Keys(c.ports)), ", "))
	}
	return nil
}

// plugged checks the port of a step for which it must be plugged in.
func (c *checker) plugged(name string) error {
	if err := c.hasPort(name); err != nil {
		return err
	}
	if name = cmp.Or(name, c.port); c.unplugged[name] && !c.unsure {
		return fmt.Errorf("the port %s is unplugged: replug it first", name)
	}
	return nil
}

// unplug notes that a port is unplugged.
func (c *checker) unplug(name string) {
	if !c.blind {
		c.unplugged[cmp.Or(name, c.port)] = true
	}
}

// outside notes that a program may have plugged ports in.
func (c *checker) outside(background bool) {
	clear(c.unplugged)
	c.blind = c.blind || background
}

// period parses a period that lies between two limits. An empty text gives usual.
func period(field, text string, usual, least, most time.Duration) (time.Duration, error) {
	if text == "" {
		return usual, nil
	}
	d, err := fleet.ParsePeriod(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", field, err)
	}
	if d < least || d > most {
		return 0, fmt.Errorf("%s: a period of %s, want %s to %s", field, fleet.FormatPeriod(d), fleet.FormatPeriod(least), fleet.FormatPeriod(most))
	}
	return d, nil
}

// expand replaces the variables in a text.
func (r *runner) expand(text string) string {
	return r.expandWith(text, func(s string) string { return s })
}

func (r *runner) expandWith(text string, form func(string) string) string {
	return variable.ReplaceAllStringFunc(text, func(use string) string {
		switch name := use[2 : len(use)-1]; name {
		case "now":
			return form(r.now().UTC().Format(time.RFC3339))
		case "now_unix":
			return form(strconv.FormatInt(r.now().Unix(), 10))
		default:
			return form(r.vars[name])
		}
	})
}

// compile compiles a regular expression. The values of variables match literally.
func (r *runner) compile(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(r.expandWith(text, regexp.QuoteMeta))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return re, nil
}

// match reports whether a text matches. The named groups of the expression become
// variables.
func (r *runner) match(re *regexp.Regexp, text string) bool {
	m := re.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	for i, name := range re.SubexpNames() {
		if name != "" {
			r.vars[name] = m[i]
		}
	}
	return true
}

// environment returns the variables for a command: ${alice.serial} is
// FOB_ALICE_SERIAL.
func (r *runner) environment() []string {
	var env []string
	for _, name := range slices.Sorted(maps.Keys(r.vars)) {
		key := strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
				return c
			}
			return '_'
		}, name)
		env = append(env, "FOB_"+strings.ToUpper(key)+"="+r.vars[name])
	}
	return env
}
