// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// portKinds are the kinds of port that a client can attach. All are on this machine.
var portKinds = []string{"pty", "tcp", "rfc2217"}

// portView is a port of a token.
type portView struct {
	ID       string `json:"id" doc:"name of the port in the fleet" example:"p1"`
	Addr     string `json:"addr,omitempty" doc:"for fob device --port; left out while the port is unplugged" example:"tcp:127.0.0.1:40123"`
	In       line   `json:"in" doc:"faults from the host to the token"`
	Out      line   `json:"out" doc:"faults from the token to the host"`
	Tapping  bool   `json:"tapping" doc:"the wire is being recorded"`
	Recorded bool   `json:"recorded" doc:"there is a recording, also after its end"`
}

// line is the faults of one direction of a line. The probabilities are for each byte.
type line struct {
	Seed    uint64  `json:"seed,omitempty" doc:"the same seed and the same bytes give the same faults" example:"7"`
	Flip    float64 `json:"flip,omitempty" minimum:"0" maximum:"1" doc:"probability that a bit of the byte is inverted"`
	Drop    float64 `json:"drop,omitempty" minimum:"0" maximum:"1" doc:"probability that the byte is lost" example:"0.001"`
	Double  float64 `json:"double,omitempty" minimum:"0" maximum:"1" doc:"probability that the byte arrives twice"`
	Insert  float64 `json:"insert,omitempty" minimum:"0" maximum:"1" doc:"probability that a random byte arrives before this one"`
	StallAt int     `json:"stall_at,omitempty" minimum:"0" maximum:"2000000000" doc:"the line stops before this byte; 1 is the next, 0 is never"`
	Stall   string  `json:"stall,omitempty" maxLength:"40" doc:"how long it then stops, by the machine's clock; an hour at most" example:"PT2S"`
	Unplug  int     `json:"unplug_after,omitempty" minimum:"0" maximum:"2000000000" doc:"the cable is pulled out after so many bytes, and the port is unplugged; 0 is never"`
	Baud    int     `json:"baud,omitempty" minimum:"0" maximum:"100000000" doc:"bit/s, 10 bits a byte; 0 is no limit" example:"9600"`
}

func lineOf(f virtual.LineFaults) line {
	l := line{
		Seed: f.Seed, Flip: f.Flip, Drop: f.Drop, Double: f.Double, Insert: f.Insert,
		StallAt: f.StallAt, Unplug: f.Unplug, Baud: f.Baud,
	}
	if f.Stall != 0 {
		l.Stall = f.Stall.String()
	}
	return l
}

// faults checks the parts that the description cannot limit.
func (l line) faults(where string) (virtual.LineFaults, error) {
	f := virtual.LineFaults{
		Seed: l.Seed, Flip: l.Flip, Drop: l.Drop, Double: l.Double, Insert: l.Insert,
		StallAt: l.StallAt, Unplug: l.Unplug, Baud: l.Baud,
	}
	if (l.StallAt > 0) != (l.Stall != "") {
		return f, invalid(where, "stall_at and stall go together: the byte before which the line stops, and for how long")
	}
	if l.Stall != "" {
		var err error
		if f.Stall, err = period(where+".stall", l.Stall, 0, time.Hour); err != nil {
			return f, err
		}
	}
	return f, nil
}

func portOf(p *fleet.Port) portView {
	in, out := p.Faults().Get()
	return portView{ID: p.ID(), Addr: p.Addr(), In: lineOf(in), Out: lineOf(out), Tapping: p.Tap().On(), Recorded: p.Tap().Kept()}
}

type attachInput struct {
	ByToken
	Body struct {
		As   string `json:"as" enum:"pty,tcp,rfc2217" doc:"kind of port"`
		Port *int   `json:"port,omitempty" minimum:"0" maximum:"65535" doc:"for tcp and rfc2217; a free one by default"`
	}
}

// ByPort names a port in the path. It is exported because huma ignores embedded fields
// of unexported types.
type ByPort struct {
	Port string `path:"port" maxLength:"300" doc:"id or address of a port" example:"p1"`
}

type replugInput struct {
	ByPort
	Body *struct {
		Port *int `json:"port,omitempty" minimum:"0" maximum:"65535" doc:"another port number, for tcp and rfc2217"`
	}
}

// lineFaults are the faults of both directions of a line.
type lineFaults struct {
	In  line `json:"in,omitzero" doc:"from the host to the token; none if left out"`
	Out line `json:"out,omitzero" doc:"from the token to the host; none if left out"`
}

type lineInput struct {
	ByPort
	Body lineFaults
}

func (s *server) ports() {
	add(s, http.MethodPost, "/v1/tokens/{token}/ports", "attach", "Attach a port to the token",
		func(_ context.Context, in *attachInput) (*body[portView], error) {
			m, err := s.fleet.Find(in.Token)
			if err != nil {
				return nil, err
			}
			addr, err := portAddr(in.Body.As, in.Body.Port)
			if err != nil {
				return nil, err
			}
			p, err := s.fleet.Attach(m, addr)
			if err != nil {
				return nil, err
			}
			return &body[portView]{portOf(p)}, nil
		})
	get(s, "/v1/tokens/{token}/ports", "list-ports", "The ports of the token", func(in *ByToken) (*body[listOf[portView]], error) {
		m, err := s.fleet.Find(in.Token)
		if err != nil {
			return nil, err
		}
		list := listOf[portView]{Items: []portView{}}
		for _, p := range m.Ports() {
			list.Items = append(list.Items, portOf(p))
		}
		return &body[listOf[portView]]{list}, nil
	})
	s.port(http.MethodGet, "/v1/ports/{port}", "get-port", "One port", func(*fleet.Port) error { return nil })
	s.port(http.MethodPost, "/v1/ports/{port}/unplug", "unplug", "Pull the cable out", (*fleet.Port).Unplug)
	add(s, http.MethodPost, "/v1/ports/{port}/replug", "replug", "Plug the cable in again; a terminal gets another path",
		func(_ context.Context, in *replugInput) (*body[portView], error) {
			return s.withPort(in.Port, func(p *fleet.Port) error {
				if in.Body == nil || in.Body.Port == nil {
					return p.Replug("")
				}
				kind, _, _ := strings.Cut(p.Asked(), ":")
				addr, err := portAddr(kind, in.Body.Port)
				if err != nil {
					return err
				}
				return p.Replug(addr)
			})
		})
	add(s, http.MethodDelete, "/v1/ports/{port}", "detach", "Remove a port",
		func(_ context.Context, in *ByPort) (*empty, error) {
			p, err := s.fleet.Port(in.Port)
			if err != nil {
				return nil, err
			}
			return &empty{}, s.fleet.Detach(p)
		})
	get(s, "/v1/ports/{port}/faults", "get-line-faults", "The faults of the line", func(in *ByPort) (*body[lineFaults], error) {
		p, err := s.fleet.Port(in.Port)
		if err != nil {
			return nil, err
		}
		into, out := p.Faults().Get()
		return &body[lineFaults]{lineFaults{lineOf(into), lineOf(out)}}, nil
	})
	s.port(http.MethodDelete, "/v1/ports/{port}/faults", "clear-line-faults", "Mend the line", func(p *fleet.Port) error {
		p.Faults().Set(virtual.LineFaults{}, virtual.LineFaults{})
		return nil
	})
	add(s, http.MethodPut, "/v1/ports/{port}/faults", "set-line-faults", "Replace the faults of the line, while it is in use",
		func(_ context.Context, in *lineInput) (*body[portView], error) {
			into, err := in.Body.In.faults("body.in")
			if err != nil {
				return nil, err
			}
			out, err := in.Body.Out.faults("body.out")
			if err != nil {
				return nil, err
			}
			return s.withPort(in.Port, func(p *fleet.Port) error {
				p.Faults().Set(into, out)
				return nil
			})
		})
	s.wires()
}

// port adds an operation on a port without a body.
func (s *server) port(method, path, id, summary string, op func(*fleet.Port) error) {
	add(s, method, path, id, summary, func(_ context.Context, in *ByPort) (*body[portView], error) {
		return s.withPort(in.Port, op)
	})
}

func (s *server) withPort(id string, op func(*fleet.Port) error) (*body[portView], error) {
	p, err := s.fleet.Port(id)
	if err == nil {
		err = op(p)
	}
	if err != nil {
		return nil, err
	}
	return &body[portView]{portOf(p)}, nil
}

// portAddr returns the address of a new port on this machine. If number is nil, its
// number is a free one.
func portAddr(kind string, number *int) (string, error) {
	n := 0
	if number != nil {
		n = *number
	}
	switch kind {
	case "tcp":
		return "tcp:127.0.0.1:" + strconv.Itoa(n), nil
	case "rfc2217":
		return "rfc2217://127.0.0.1:" + strconv.Itoa(n), nil
	}
	if number != nil {
		return "", invalid("body.port", "port has no effect: only tcp and rfc2217 have a port number")
	}
	return "pty:", nil
}
