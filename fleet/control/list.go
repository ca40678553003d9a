// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/hex"
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
	find          string // in upper case
	fault         fleet.FaultKind
	anyFault      bool
	state         *serialproto.State
	expires       token.Expiry
	battery       float64
	off           *time.Duration
}

// filter checks a query.
func (in *Query) filter() (f tokenFilter, err error) {
	f.serial, f.model, f.battery = in.Serial, in.Model, in.Battery
	f.find = strings.ToUpper(in.Find)
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
	if f.serial != "" || !f.expires.IsZero() {
		if serial, expiry := m.Token.BackLabel(); !strings.HasPrefix(serial.String(), f.serial) || !f.expiresBefore(expiry) {
			return false
		}
	}
	return f.found(m)
}

// found reports whether a token's name has the text that is looked for. The hardware id
// of a token with a serial number must be the whole text, because short texts are in many.
func (f *tokenFilter) found(m fleet.Member) bool {
	if f.find == "" {
		return true
	}
	hardware := m.Token.HardwareID()
	id := strings.ToUpper(hex.EncodeToString(hardware[:]))
	if serial, _ := m.Token.BackLabel(); !serial.IsZero() {
		return id == f.find || strings.Contains(strings.ToUpper(serial.String()), f.find)
	}
	return strings.Contains(id, f.find)
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

// Drifts reports whether the query can select other tokens without an event, only because
// time goes on.
func (in *Query) Drifts() bool { return in.Battery != 0 || in.Error != "" }

// Selected are the tokens that a query selects.
type Selected struct {
	Members []fleet.Member
	States  []fleet.State // of the members, as they were read
	Next    string        // After for the following page, "" on the last
}

// Tokens returns the tokens that the query selects. An error is about the query.
func (in *Query) Tokens(f *fleet.Fleet) (Selected, error) {
	return in.tokens(context.Background(), f)
}

func (in *Query) tokens(ctx context.Context, f *fleet.Fleet) (found Selected, err error) {
	wanted, err := in.filter()
	if err != nil {
		return found, err
	}
	members, err := in.listed(f, &wanted)
	if err != nil {
		return found, err
	}
	for m := range members {
		if err := ctx.Err(); err != nil {
			return found, err
		}
		if !wanted.may(m) {
			continue
		}
		st := m.Look()
		if !wanted.matches(m, st) {
			continue
		}
		if len(found.Members) == in.Limit {
			if in.Before == 0 {
				found.Next = strconv.FormatUint(uint64(found.Members[in.Limit-1].Tag()), 10)
			}
			break
		}
		found.Members, found.States = append(found.Members, m), append(found.States, st)
	}
	if in.Before > 0 {
		slices.Reverse(found.Members)
		slices.Reverse(found.States)
	}
	return found, nil
}

func (s *server) list(ctx context.Context, in *Query) (*body[listOf[TokenView]], error) {
	found, err := in.tokens(ctx, s.fleet)
	if err != nil {
		return nil, err
	}
	list := listOf[TokenView]{Items: []TokenView{}, Next: found.Next}
	for i, m := range found.Members {
		list.Items = append(list.Items, ViewOf(m, found.States[i]))
	}
	return &body[listOf[TokenView]]{list}, nil
}

// listed returns the tokens that come after or before a tag, and that are in the lot and
// in the state, or may have a fault.
func (in *Query) listed(f *fleet.Fleet, wanted *tokenFilter) (iter.Seq[fleet.Member], error) {
	choose := fleet.Selection{
		Lot: in.Lot, Before: in.Before, State: wanted.state, Faulty: wanted.fault != "" || wanted.anyFault,
	}
	if in.After != "" {
		after, err := strconv.ParseUint(in.After, 10, 32)
		if err != nil {
			return nil, invalid("query.after", "not the next of a page")
		}
		if in.Before > 0 {
			return nil, invalid("query.before", "cannot be combined with after")
		}
		choose.After = uint32(after)
	}
	members, err := f.Select(choose)
	if err != nil {
		return nil, invalid("query.lot", err.Error())
	}
	return members, nil
}
