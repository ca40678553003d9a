// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// tokenFilter selects tokens. A part that is not set selects all.
type tokenFilter struct {
	serial, model string
	fault         fleet.FaultKind
	anyFault      bool
	state         *serialproto.State
	expires       token.Expiry
	battery       float64
	off           *time.Duration
}

// filter checks a query.
func (in *listQuery) filter() (f tokenFilter, err error) {
	f.serial, f.model, f.battery = in.Serial, in.Model, in.Battery
	if in.Expires != "" {
		if f.expires, err = token.ParseExpiry(in.Expires); err != nil {
			return f, invalid("query.expires_before", err.Error())
		}
	}
	if in.Error != "" {
		off, err := period("query.error_above", in.Error, 0, longest)
		if err != nil {
			return f, err
		}
		f.off = &off
	}
	if !(in.Battery >= 0 && in.Battery <= 1) { // not a number
		return f, invalid("query.battery_below", "not a share from 0 to 1")
	}
	if in.State != "" {
		state, err := fleet.ParseState(in.State)
		if err != nil {
			return f, invalid("query.state", err.Error())
		}
		f.state = &state
	}
	if names := fleet.Profiles(); in.Model != "" && !slices.Contains(names, in.Model) {
		return f, invalid("query.model", "there is no model "+strconv.Quote(in.Model)+": there are "+strings.Join(names, ", "))
	}
	if f.anyFault = in.Fault == "any"; in.Fault != "" && !f.anyFault {
		if f.fault, err = fleet.ParseFault(in.Fault); err != nil {
			return f, invalid("query.fault", err.Error()+", any")
		}
	}
	return f, nil
}

// may reports whether a token can match. It costs much less than reading the token.
func (f *tokenFilter) may(m fleet.Member) bool {
	if f.model != "" && m.Token.Model().Name != f.model {
		return false
	}
	if (f.fault != "" || f.anyFault) && !m.MayHaveFaults() {
		return false
	}
	if f.serial != "" || !f.expires.IsZero() {
		if serial, expiry := m.Token.BackLabel(); !strings.HasPrefix(serial.String(), f.serial) || !f.expiresBefore(expiry) {
			return false
		}
	}
	return f.state == nil || m.Token.State() == *f.state
}

// expiresBefore reports whether an expiry date is before the day of the filter.
func (f *tokenFilter) expiresBefore(expiry token.Expiry) bool {
	return f.expires.IsZero() || !expiry.IsZero() && expiry.Days() < f.expires.Days()
}

// matches reports whether a token matches.
func (f *tokenFilter) matches(m fleet.Member, st fleet.State) bool {
	if f.fault != "" && !slices.Contains(m.Faults(st), f.fault) || f.anyFault && len(m.Faults(st)) == 0 {
		return false
	}
	return (f.state == nil || st.State == *f.state) &&
		strings.HasPrefix(st.Serial.String(), f.serial) &&
		f.expiresBefore(st.Expiry) &&
		(f.battery == 0 || st.Battery < f.battery) &&
		(f.off == nil || max(st.Error, -st.Error) > *f.off)
}

func (s *server) list(ctx context.Context, in *listQuery) (*body[listOf[tokenView]], error) {
	after := uint64(0)
	if in.After != "" {
		var err error
		if after, err = strconv.ParseUint(in.After, 10, 32); err != nil {
			return nil, invalid("query.after", "not the next of a page")
		}
	}
	wanted, err := in.filter()
	if err != nil {
		return nil, err
	}
	members, err := s.listed(in.Lot, uint32(after))
	if err != nil {
		return nil, err
	}
	list := listOf[tokenView]{Items: []tokenView{}}
	for m := range members {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !wanted.may(m) {
			continue
		}
		st := m.Look()
		if !wanted.matches(m, st) {
			continue
		}
		if len(list.Items) == in.Limit {
			list.Next = strconv.FormatUint(uint64(list.Items[len(list.Items)-1].Tag), 10)
			break
		}
		list.Items = append(list.Items, viewOf(m, st))
	}
	return &body[listOf[tokenView]]{list}, nil
}

// listed returns the tokens of a lot, or of the fleet, that come after a tag.
func (s *server) listed(lot string, after uint32) (iter.Seq[fleet.Member], error) {
	if lot == "" {
		return s.fleet.All(after), nil
	}
	members, err := s.fleet.OfLot(lot, after)
	if err != nil {
		return nil, invalid("query.lot", err.Error())
	}
	return members, nil
}
