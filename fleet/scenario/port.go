// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// portOf is a port of the scenario, with its own connection to it.
type portOf struct {
	name, id, token string
	addr            string
	conn            port.Port // nil: not open
	unread          []byte
}

// portView is a port in the answers of a fleet.
type portView struct {
	ID   string `json:"id"`
	Addr string `json:"addr"`
	lineOf
}

// lineOf is the line of a port in the requests and answers of a fleet.
type lineOf struct {
	In  lineFaults `json:"in"`
	Out lineFaults `json:"out"`
}

func (p *portOf) path(rest string) string { return "/v1/ports/" + url.PathEscape(p.id) + rest }

// portNamed returns the port that a step names.
func (r *runner) portNamed(name string) *portOf {
	if name == "" {
		return r.port
	}
	return r.ports[name]
}

// use notes the address of a port.
func (r *runner) use(p *portOf, v portView) {
	p.addr = v.Addr
	r.vars[p.name+".addr"] = v.Addr
	r.vars["addr"] = v.Addr
}

type attach struct {
	onToken `yaml:",inline"`
	Name    string `yaml:"name" doc:"name of the port in this file; port by default"`
	As      string `yaml:"as" doc:"kind of port; tcp by default" values:"tcp,pty,rfc2217"`
}

func (s *attach) check(c *checker) error {
	if s.Name == "" {
		s.Name = "port"
	}
	if s.As == "" {
		s.As = "tcp"
	}
	err := c.name(s.Name)
	if c.ports[s.Name] {
		err = fmt.Errorf("name: there is a port %s already: give another name", s.Name)
	}
	c.ports[s.Name], c.port = true, s.Name
	delete(c.unplugged, s.Name)
	c.vars[s.Name+".addr"], c.vars["addr"] = true, true
	return cmp.Or(err, c.token(s.Token), oneOf("as", s.As, "tcp", "pty", "rfc2217"))
}

func (s *attach) run(r *runner) error {
	v, err := r.look(s.Token)
	if err != nil {
		return err
	}
	p := &portOf{name: s.Name, token: v.HardwareID}
	var made portView
	after := r.log.seq
	if err := r.create(tokenPath(p.token, "/ports"), map[string]any{"as": s.As}, &made); err != nil {
		return err
	}
	p.id = made.ID
	r.traces.ports = append(r.traces.ports, p.path(""))
	r.ports[s.Name], r.port = p, p
	r.use(p, made)
	return r.plugged(p, after)
}

// terminal reports whether the port is a terminal, which has a host all the time.
func (p *portOf) terminal() bool { return strings.HasPrefix(p.addr, "pty:") }

// plugged waits until a terminal is connected to its token. Other ports connect when a
// host opens them.
func (r *runner) plugged(p *portOf, after uint64) error {
	if !p.terminal() {
		return nil
	}
	return r.log.settle(r, func() bool { return r.log.has(p.token, virtual.EventHostOn.String(), after) })
}

type send struct {
	onPort `yaml:",inline"`
	Line   *string `yaml:"line" doc:"text, sent with a newline after it"`
	Text   string  `yaml:"text" doc:"text, sent as it is"`
	Hex    string  `yaml:"hex" doc:"bytes in hexadecimal"`
}

func (s *send) check(c *checker) error {
	n := 0
	for _, set := range []bool{s.Line != nil, s.Text != "", s.Hex != ""} {
		if set {
			n++
		}
	}
	if n != 1 {
		return errors.New("give exactly one of line, text and hex")
	}
	if _, err := hex.DecodeString(s.Hex); err != nil {
		return errors.New("hex: want an even number of hexadecimal digits")
	}
	line := ""
	if s.Line != nil {
		line = *s.Line
	}
	return cmp.Or(c.plugged(s.Port), c.texts(line, s.Text))
}

func (s *send) run(r *runner) error {
	p := r.portNamed(s.Port)
	if err := r.open(p); err != nil {
		return err
	}
	data, _ := hex.DecodeString(s.Hex)
	switch {
	case s.Line != nil:
		data = []byte(r.expand(*s.Line) + "\n")
	case s.Text != "":
		data = []byte(r.expand(s.Text))
	}
	if password, ok := bytes.CutPrefix(data, []byte("token ")); ok { // of a port
		r.hide(string(bytes.TrimRight(password, "\r\n")))
	}
	after := r.log.seq
	if _, err := p.conn.Write(data); err != nil {
		p.hangUp()
		return err
	}
	// The token has worked on the bytes before the next step, unless they were lost.
	return r.log.settle(r, func() bool {
		return r.log.has(p.token, virtual.EventBytesIn.String(), after) || r.log.has(p.token, virtual.EventHostOff.String(), after)
	})
}

// open opens the connection of the scenario to a port.
func (r *runner) open(p *portOf) error {
	if p.conn != nil {
		return nil
	}
	if p.addr == "" {
		return fmt.Errorf("the port %s is unplugged: replug it first", p.name)
	}
	after := r.log.seq
	ctx, cancel := context.WithTimeout(r.ctx, 30*time.Second)
	defer cancel()
	conn, err := port.Open(ctx, p.addr)
	if err != nil {
		return err
	}
	p.conn, p.unread = conn, nil
	return r.log.settle(r, func() bool { return p.terminal() || r.log.has(p.token, virtual.EventHostOn.String(), after) })
}

func (p *portOf) hangUp() {
	if p.conn != nil {
		p.conn.Close()
		p.conn, p.unread = nil, nil
	}
}

type expectLine struct {
	onPort  `yaml:",inline"`
	Match   string `yaml:"match" doc:"regular expression (RE2) for a line, without its newline; its named groups become variables. Lines before it are skipped" required:"true" format:"regex"`
	Timeout string `yaml:"timeout" doc:"by this machine's clock; 30 s by default"`
}

func (s *expectLine) check(c *checker) error {
	_, err := period("timeout", s.Timeout, 0, time.Millisecond, 24*time.Hour)
	return cmp.Or(c.plugged(s.Port), needed("match", s.Match), c.pattern("match", s.Match), err)
}

func (s *expectLine) run(r *runner) error {
	timeout, _ := period("timeout", s.Timeout, 30*time.Second, 0, 24*time.Hour)
	p := r.portNamed(s.Port)
	if err := r.open(p); err != nil {
		return err
	}
	re, err := r.compile(s.Match)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(timeout)
	stop := context.AfterFunc(r.ctx, func() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var seen []string
	for {
		line, err := p.line(deadline)
		if err == nil {
			if r.match(re, line) {
				return nil
			}
			seen = append(seen, fmt.Sprintf("%q", line))
			continue
		}
		got := "no line came"
		if len(seen) > 0 {
			got = "there came only " + strings.Join(seen, ", ")
		}
		if len(p.unread) > 0 {
			got += fmt.Sprintf(" and the beginning %q", p.unread)
		}
		want := fmt.Sprintf("a line that matches %q within %s", s.Match, fleet.FormatPeriod(timeout))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return unmet(want, "%s", got)
		}
		p.hangUp()
		return unmet(want, "%s, and then the port failed: %v", got, err)
	}
}

// line reads a line. Bytes of an unfinished line are kept.
func (p *portOf) line(deadline time.Time) (string, error) {
	for {
		if line, rest, ok := bytes.Cut(p.unread, []byte("\n")); ok {
			p.unread = append([]byte(nil), rest...)
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if err := p.conn.SetReadDeadline(deadline); err != nil {
			return "", err
		}
		var buf [1024]byte
		n, err := p.conn.Read(buf[:])
		p.unread = append(p.unread, buf[:n]...)
		if err != nil && n == 0 {
			return "", err
		}
	}
}

type unplug struct {
	onPort     `yaml:",inline"`
	AfterBytes int `yaml:"after_bytes" doc:"let the host send that many bytes first, and pull the cable out in the middle; at once by default" min:"1"`
}

func (s *unplug) check(c *checker) error {
	if s.AfterBytes < 0 {
		return fmt.Errorf("after_bytes: %d, want at least 1", s.AfterBytes)
	}
	if s.AfterBytes > 0 {
		return c.hasPort(s.Port)
	}
	err := c.plugged(s.Port)
	c.unplug(s.Port)
	return err
}

func (s *unplug) run(r *runner) error {
	p := r.portNamed(s.Port)
	if s.AfterBytes > 0 {
		return r.setLine(p, func(v *portView) { v.In.Unplug = s.AfterBytes })
	}
	held, after := p.conn != nil || p.terminal(), r.log.seq
	p.hangUp()
	var v portView
	if err := r.post(p.path("/unplug"), nil, &v); err != nil {
		return err
	}
	r.use(p, v)
	return r.log.settle(r, func() bool { return !held || r.log.has(p.token, virtual.EventHostOff.String(), after) })
}

// setLine changes the faults of a line.
func (r *runner) setLine(p *portOf, change func(*portView)) error {
	var v portView
	if err := r.get(p.path(""), &v); err != nil {
		return err
	}
	change(&v)
	return r.put(p.path("/faults"), v.lineOf, nil)
}

type replug struct {
	onPort `yaml:",inline"`
}

func (s *replug) check(c *checker) error {
	delete(c.unplugged, cmp.Or(s.Port, c.port))
	return c.hasPort(s.Port)
}

func (s *replug) run(r *runner) error {
	p := r.portNamed(s.Port)
	p.hangUp()
	if err := r.setLine(p, func(v *portView) { v.In.Unplug, v.Out.Unplug = 0, 0 }); err != nil {
		return err
	}
	var v portView
	after := r.log.seq
	err := r.post(p.path("/replug"), nil, &v)
	var refused *control.RefusedError
	if errors.As(err, &refused) && refused.Code == "port_state" { // only the line was cut
		if err = r.get(p.path(""), &v); err == nil {
			r.use(p, v)
		}
		return err
	}
	if err != nil {
		return err
	}
	r.use(p, v)
	return r.plugged(p, after)
}
