// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/virtual"
)

type skewInput struct {
	ByToken
	Body struct {
		By string `json:"by" maxLength:"60" doc:"a period with a sign: +95s moves the token's clock forwards" example:"+95s"`
	}
}

type ageInput struct {
	ByToken
	Body struct {
		By      string   `json:"by" maxLength:"60" example:"P3Y" doc:"a period: the token becomes that much older, and the world's clock stays"`
		Celsius *float64 `json:"celsius,omitempty" minimum:"-60" maximum:"125" doc:"temperature meanwhile; 25 by default"`
	}
}

type temperatureInput struct {
	ByToken
	Body struct {
		Celsius float64 `json:"celsius" minimum:"-60" maximum:"125" doc:"ambient temperature from now on" example:"40"`
	}
}

type batteryInput struct {
	ByToken
	Body struct {
		Do string `json:"do" enum:"remove,insert,replace" doc:"the action"`
	}
}

// faults are the faults of a token's hardware. Those that are left out are none.
type faults struct {
	Dead       []string `json:"dead,omitempty" maxItems:"100" nullable:"false" example:"[\"d0.g\"]" doc:"segments that are never on: d0.a for segment a of the leftmost digit, to d5.g, or d7.g on a display with eight digits; bar0 to bar5; tick; batt"`
	Ghost      []string `json:"ghost,omitempty" maxItems:"100" nullable:"false" doc:"segments that are always on"`
	FlashFail  bool     `json:"flash_fail,omitempty" doc:"the next flash operation fails"`
	PowerCutAt uint32   `json:"power_cut_at,omitempty" minimum:"0" maximum:"4294967295" doc:"the supply fails in the n-th flash operation from now; 1 is the next"`
}

type faultsInput struct {
	ByToken
	Body faults
}

type trimInput struct {
	ByToken
	Body struct {
		PPM float64 `json:"ppm" minimum:"-25000" maximum:"25000" doc:"error of the crystal at 25 °C, without ageing and falls" example:"-2.85"`
	}
}

func (s *server) hardware() {
	add(s, http.MethodPost, "/v1/tokens/{token}/skew", "skew", "Move the token's clock",
		func(_ context.Context, in *skewInput) (*body[TokenView], error) {
			d, err := period("body.by", in.Body.By, -longest, longest)
			if err != nil {
				return nil, err
			}
			return s.do(in.Token, func(t *virtual.Token) { t.Skew(d) })
		})
	add(s, http.MethodPost, "/v1/tokens/{token}/age", "age", "Make the token older, while the world's clock stays",
		func(_ context.Context, in *ageInput) (*body[TokenView], error) {
			d, err := period("body.by", in.Body.By, 0, longest)
			if err != nil {
				return nil, err
			}
			c := virtual.RoomTemperature
			if in.Body.Celsius != nil {
				c = virtual.Celsius(*in.Body.Celsius)
			}
			return s.do(in.Token, func(t *virtual.Token) { t.AgeAt(d, c) })
		})
	add(s, http.MethodPost, "/v1/tokens/{token}/temperature", "temperature", "Change the temperature around the token",
		func(_ context.Context, in *temperatureInput) (*body[TokenView], error) {
			return s.do(in.Token, func(t *virtual.Token) { t.SetTemperature(virtual.Celsius(in.Body.Celsius)) })
		})
	add(s, http.MethodPost, "/v1/tokens/{token}/crystal", "crystal", "Trim the crystal",
		func(_ context.Context, in *trimInput) (*body[TokenView], error) {
			return s.do(in.Token, func(t *virtual.Token) { t.SetTrim(virtual.PPM(in.Body.PPM)) })
		})
	add(s, http.MethodPost, "/v1/tokens/{token}/drop", "drop", "Let the token fall on the floor",
		func(_ context.Context, in *ByToken) (*body[TokenView], error) {
			return s.do(in.Token, (*virtual.Token).Drop)
		})
	add(s, http.MethodPost, "/v1/tokens/{token}/battery", "battery", "Remove, insert or replace the battery",
		func(_ context.Context, in *batteryInput) (*body[TokenView], error) {
			return s.do(in.Token, map[string]func(*virtual.Token){
				"remove":  (*virtual.Token).RemoveBattery,
				"insert":  (*virtual.Token).InsertBattery,
				"replace": (*virtual.Token).ReplaceBattery,
			}[in.Body.Do])
		})
	get(s, "/v1/tokens/{token}/faults", "get-faults", "The faults of the display and the flash",
		func(in *ByToken) (*body[faults], error) {
			m, err := s.fleet.Find(in.Token)
			if err != nil {
				return nil, err
			}
			return &body[faults]{faultsOf(m.Look().Faults)}, nil
		})
	add(s, http.MethodPut, "/v1/tokens/{token}/faults", "set-faults", "Replace the faults of the display and the flash",
		func(_ context.Context, in *faultsInput) (*body[TokenView], error) {
			m, err := s.fleet.Find(in.Token)
			if err != nil {
				return nil, err
			}
			f := virtual.TokenFaults{FlashFail: in.Body.FlashFail, PowerCutAt: in.Body.PowerCutAt}
			if f.Dead, err = m.Token.Model().ParseSegments(in.Body.Dead...); err != nil {
				return nil, invalid("body.dead", err.Error())
			}
			if f.Ghost, err = m.Token.Model().ParseSegments(in.Body.Ghost...); err != nil {
				return nil, invalid("body.ghost", err.Error())
			}
			return s.do(in.Token, func(t *virtual.Token) { t.SetFaults(f) })
		})
	add(s, http.MethodDelete, "/v1/tokens/{token}/faults", "clear-faults", "Mend the display and disarm faults of the flash",
		func(_ context.Context, in *ByToken) (*body[TokenView], error) {
			return s.do(in.Token, (*virtual.Token).Mend)
		})
}

func faultsOf(f virtual.TokenFaults) faults {
	return faults{Dead: f.Dead.Names(), Ghost: f.Ghost.Names(), FlashFail: f.FlashFail, PowerCutAt: f.PowerCutAt}
}

// longest is the longest period by which a token is moved or aged.
const longest = 200 * virtual.Year
