// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// Stamp is the instant of an answer about a token.
type Stamp struct {
	Seq       uint64    `json:"seq" doc:"number of the newest event that the answer reflects"`
	TrueTime  time.Time `json:"true_time" doc:"the world's time"`
	TokenTime time.Time `json:"token_time" doc:"by the token's clock; limited to the years 1 to 9999"`
	ErrorMS   *int64    `json:"error_ms" doc:"how far the token's clock is ahead; null if the clock is not set"`
	ClockSet  bool      `json:"clock_set" doc:"the token's clock has been set"`
}

func stampOf(st fleet.State) Stamp {
	return Stamp{
		Seq: st.Seq, TrueTime: st.World.Time(), TokenTime: writable(st.Clock.Time().UTC()),
		ErrorMS: errorOf(st.Reading), ClockSet: st.ClockSet,
	}
}

// writable returns the nearest time that RFC 3339 can express. A token's clock may have
// been moved by any number of years.
func writable(t time.Time) time.Time {
	switch year := t.Year(); {
	case year < 1:
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	case year > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// TokenView is a token, as the answers of the API have it.
type TokenView struct {
	Stamp
	Tag        uint32   `json:"tag" doc:"number of the token in the fleet, for events"`
	HardwareID string   `json:"hardware_id" doc:"the factory's number of the hardware" example:"4f1c09d2a7be3360"`
	Serial     string   `json:"serial,omitempty" doc:"left out before provisioning" example:"ZZFB00000001"`
	Expiry     string   `json:"expiry,omitempty" doc:"the last day of validity"`
	Lot        string   `json:"lot" doc:"name or number of the lot with which the token was added" example:"1"`
	Model      string   `json:"model" doc:"of the hardware" example:"always-on-6"`
	State      string   `json:"state" doc:"stage of its life cycle" example:"LOCKED"`
	Display    string   `json:"display" doc:"the readable text, one character for each position"`
	Step       int64    `json:"step,omitempty" doc:"the token's time step (T of RFC 6238)"`
	LeftMS     int64    `json:"left_ms,omitempty" doc:"until the step ends, by the token's clock"`
	Celsius    float64  `json:"celsius" doc:"ambient temperature" example:"25"`
	PPM        float64  `json:"ppm" doc:"present frequency error of the crystal"`
	Battery    float64  `json:"battery" doc:"share of its capacity that is left"`
	MilliVolts int      `json:"mv" doc:"voltage of the battery" example:"3012"`
	Presses    uint32   `json:"presses" doc:"of the button, so far"`
	Ports      []string `json:"ports" nullable:"false" doc:"addresses at which the token can be opened"`

	Faults []fleet.FaultKind `json:"faults" nullable:"false" doc:"kinds of fault that the token or the line of one of its ports has: dead, ghost, flash_fail, power_cut_at, line"`
}

// ViewOf returns a token in the state that was read.
func ViewOf(m fleet.Member, st fleet.State) TokenView {
	id := m.Token.HardwareID()
	v := TokenView{
		Stamp: stampOf(st), Tag: m.Tag(), HardwareID: hex.EncodeToString(id[:]), Serial: st.Serial.String(),
		Lot: m.Lot(), Model: m.Token.Model().Name, State: st.State.String(), Display: st.Text,
		Step: st.Step, LeftMS: st.Left.Milliseconds(), Celsius: float64(st.Celsius), PPM: float64(st.PPM),
		Battery: st.Battery, MilliVolts: st.Voltage, Presses: st.Presses, Ports: []string{},
		Faults: append([]fleet.FaultKind{}, m.Faults(st)...),
	}
	if !st.Expiry.IsZero() {
		v.Expiry = st.Expiry.String()
	}
	for _, p := range m.Ports() {
		if addr := p.Addr(); addr != "" {
			v.Ports = append(v.Ports, addr)
		}
	}
	return v
}

func tokenBody(m fleet.Member, st fleet.State, err error) (*body[TokenView], error) {
	if err != nil {
		return nil, err
	}
	return &body[TokenView]{ViewOf(m, st)}, nil
}

// ByToken names a token in the path. It is exported because huma ignores embedded
// fields of unexported types.
type ByToken struct {
	Token string `path:"token" maxLength:"40" doc:"a serial number or a hardware id" example:"ZZFB00000001"`
}

// Query selects tokens for GET /v1/tokens.
type Query struct {
	State   string  `query:"state" maxLength:"20" doc:"only tokens in this state, in upper or lower case" example:"LOCKED"`
	Lot     string  `query:"lot" maxLength:"60" doc:"only tokens of the lots with this name or number" example:"1"`
	Fault   string  `query:"fault" maxLength:"20" doc:"only tokens with this kind of fault: dead, ghost, flash_fail, power_cut_at or line; any is any of them" example:"any"`
	Model   string  `query:"model" maxLength:"40" doc:"only tokens of this model" example:"always-on-6"`
	Serial  string  `query:"serial" maxLength:"40" doc:"only tokens whose serial number begins with it" example:"ZZFB0000"`
	Find    string  `query:"find" maxLength:"40" doc:"only tokens whose serial number contains it, in upper or lower case; tokens without one are found by a part of their hardware id, and others by all of it" example:"0050"`
	Expires string  `query:"expires_before" maxLength:"10" doc:"only tokens with an expiry date before this day" example:"2027-12-31"`
	Battery float64 `query:"battery_below" minimum:"0" maximum:"1" doc:"only tokens with less than this share of the battery's capacity left" example:"0.1"`
	Error   string  `query:"error_above" maxLength:"60" doc:"only tokens whose clock is off by more than this period, in either direction" example:"PT1M"`
	After   string  `query:"after" maxLength:"20" doc:"the field next of the page before"`
	Before  uint32  `query:"before" doc:"the last tokens whose tag is smaller than this, and no next" example:"42"`
	Limit   int     `query:"limit" minimum:"1" maximum:"10000" default:"100" doc:"tokens of a page"`
}

// changeInput changes a token. Its other properties follow from these, or have an
// operation of their own.
type changeInput struct {
	ByToken
	Body struct {
		PPM     *float64 `json:"ppm,omitempty" minimum:"-25000" maximum:"25000" doc:"error of the crystal at 25 °C, without ageing and falls" example:"-2.85"`
		Celsius *float64 `json:"celsius,omitempty" minimum:"-60" maximum:"125" doc:"ambient temperature from now on" example:"40"`
	}
}

type listOf[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"of this page"`
	Next  string `json:"next,omitempty" doc:"give it as after for the following page; left out on the last"`
}

func (s *server) tokens() {
	add(s, http.MethodPost, "/v1/tokens", "make-tokens", "Make a lot of tokens",
		func(_ context.Context, in *body[fleet.Lot]) (*body[listOf[TokenView]], error) {
			members, err := s.fleet.MakeLot(in.Body)
			if err != nil {
				return nil, err
			}
			// A large lot is listed with GET, in pages.
			list := listOf[TokenView]{Items: []TokenView{}}
			for _, m := range members {
				if len(list.Items) == maxMade {
					list.Next = strconv.FormatUint(uint64(m.Tag()-1), 10)
					break
				}
				list.Items = append(list.Items, ViewOf(m, m.Look()))
			}
			return &body[listOf[TokenView]]{list}, nil
		})
	add(s, http.MethodGet, "/v1/tokens", "list-tokens", "The tokens, in the order in which they were made", s.list)
	get(s, "/v1/tokens/{token}", "get-token", "One token", func(in *ByToken) (*body[TokenView], error) {
		m, err := s.fleet.Find(in.Token)
		if err != nil {
			return nil, err
		}
		return tokenBody(m, m.Look(), nil)
	})
	add(s, http.MethodPatch, "/v1/tokens/{token}", "change-token", "Change properties of the token's hardware",
		func(_ context.Context, in *changeInput) (*body[TokenView], error) {
			if in.Body.PPM == nil && in.Body.Celsius == nil {
				return nil, invalid("body", "give at least one of ppm and celsius")
			}
			return s.do(in.Token, func(t *virtual.Token) {
				if in.Body.Celsius != nil {
					t.SetTemperature(virtual.Celsius(*in.Body.Celsius))
				}
				if in.Body.PPM != nil {
					t.SetTrim(virtual.PPM(*in.Body.PPM))
				}
			})
		})
	add(s, http.MethodDelete, "/v1/tokens/{token}", "remove-token", "Remove a token and its ports",
		func(_ context.Context, in *ByToken) (*empty, error) {
			m, err := s.fleet.Find(in.Token)
			if err != nil {
				return nil, err
			}
			return &empty{}, s.fleet.Remove(m)
		})
}

// maxMade is the number of tokens that the answer to a new lot lists.
const maxMade = 1000

// do performs an operation on the token that a request names.
func (s *server) do(name string, op func(*virtual.Token)) (*body[TokenView], error) {
	m, err := s.fleet.Find(name)
	if err != nil {
		return nil, err
	}
	st, err := m.Do(op)
	return tokenBody(m, st, err)
}
