// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/d204ef64/fob/fleet"
)

type waitInput struct {
	ByToken
	Display     string `query:"display" maxLength:"200" example:"^[0-9]{6}$" doc:"regular expression (RE2) for the text of the display"`
	State       string `query:"state" maxLength:"20" doc:"stage of the life cycle, in upper or lower case" example:"LOCKED"`
	Event       string `query:"event" maxLength:"20" doc:"kind of event; see capabilities"`
	AfterSeq    uint64 `query:"after_seq" doc:"only events after this one; by default those after the request"`
	Advance     bool   `query:"advance" doc:"moves a manual clock to the first instant at which they hold, or by the timeout; without it, another request must move the clock"`
	Timeout     string `query:"timeout" maxLength:"20" doc:"how long to wait, in world time; no limit by default"`
	RealTimeout string `query:"real_timeout" maxLength:"20" doc:"how long to wait, by the machine's clock; PT1M by default"`
}

func (s *server) waits() {
	add(s, http.MethodGet, "/v1/tokens/{token}/wait", "wait",
		"Wait for a display, a state or an event; all that are given must hold",
		func(ctx context.Context, in *waitInput) (*body[TokenView], error) {
			m, err := s.fleet.Find(in.Token)
			if err != nil {
				return nil, err
			}
			c, err := s.condition(in)
			if err != nil {
				return nil, err
			}
			ctx, cancel, err := realTimeout(ctx, in.RealTimeout, time.Minute)
			if err != nil {
				return nil, err
			}
			defer cancel()
			wait := m.Wait
			if in.Advance {
				wait = m.AdvanceUntil
			}
			st, err := wait(ctx, c)
			return tokenBody(m, st, err)
		})
}

func (s *server) condition(in *waitInput) (c fleet.Condition, err error) {
	if in.Display == "" && in.State == "" && in.Event == "" {
		return c, invalid("query", "give at least one of display, state and event")
	}
	if in.AfterSeq != 0 && in.Event == "" {
		return c, invalid("query.after_seq", "after_seq has no effect: it needs event")
	}
	if in.Display != "" {
		if c.Display, err = regexp.Compile(in.Display); err != nil {
			return c, invalid("query.display", err.Error())
		}
	}
	if in.State != "" {
		st, err := fleet.ParseState(in.State)
		if err != nil {
			return c, invalid("query.state", err.Error())
		}
		c.State = &st
	}
	if in.Event != "" {
		if c.Event, err = fleet.ParseEvent(in.Event); err != nil {
			return c, invalid("query.event", err.Error())
		}
		if c.After = in.AfterSeq; c.After == 0 {
			c.After = s.fleet.Log().Seq()
		}
	}
	if in.Timeout != "" {
		if c.Within, err = period("query.timeout", in.Timeout, 1, longest); err != nil {
			return c, err
		}
	}
	return c, nil
}
