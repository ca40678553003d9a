// SPDX-License-Identifier: Apache-2.0

package control

import (
	"math"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

type forecastInput struct {
	ByToken
	By      string  `query:"by" required:"true" maxLength:"60" example:"P5Y" doc:"a period: how much older the token is then"`
	Celsius float64 `query:"celsius" minimum:"-60" maximum:"125" default:"25" doc:"temperature meanwhile"`
	Points  int     `query:"points" minimum:"0" maximum:"500" doc:"how many points the answer has, at equal distances from now to by: none, or 2 or more"`
}

// forecastView is a token as it would be when it is older.
type forecastView struct {
	By         string          `json:"by" doc:"as in the request" example:"P5Y"`
	Celsius    float64         `json:"celsius" doc:"temperature meanwhile" example:"10"`
	TrueTime   time.Time       `json:"true_time" doc:"the world's time, which stays"`
	TokenTime  time.Time       `json:"token_time" doc:"by the token's clock; limited to the years 1 to 9999"`
	ErrorMS    *int64          `json:"error_ms" doc:"how far the token's clock is ahead; null if the clock has lost its time"`
	Offset     int64           `json:"offset" doc:"steps from the step of the true time to the token's; negative: the token is behind. A server with correct time accepts a genuine code if its window is at least as wide"`
	Step       int64           `json:"step,omitempty" doc:"the token's time step (T of RFC 6238)"`
	LeftMS     int64           `json:"left_ms,omitempty" doc:"until the step ends, by the token's clock"`
	State      string          `json:"state" doc:"stage of its life cycle" example:"LOCKED"`
	Expiry     string          `json:"expiry,omitempty" doc:"the last day of validity; ageing moves it into the past"`
	Display    string          `json:"display" doc:"the readable text, one character for each position"`
	Code       string          `json:"code,omitempty" doc:"the code that it shows, after a press of the button if it has one; left out if it shows none" example:"483920"`
	Genuine    bool            `json:"genuine" doc:"the code is the one of the step; false if it shows none, or another because the display is faulty or still changes in the cold"`
	View       virtual.View    `json:"view" doc:"every segment, after a press of the button if it has one"`
	PPM        float64         `json:"ppm" doc:"frequency error of the crystal"`
	Battery    float64         `json:"battery" doc:"share of its capacity that is left"`
	MilliVolts int             `json:"mv" doc:"voltage of the battery" example:"3012"`
	Points     []forecastPoint `json:"points" nullable:"false" doc:"the way there, the oldest last"`
}

// forecastPoint is a token at one age.
type forecastPoint struct {
	AfterMS    int64   `json:"after_ms" doc:"how much older the token is"`
	ErrorMS    *int64  `json:"error_ms" doc:"how far the token's clock is ahead; null if the clock has lost its time"`
	Battery    float64 `json:"battery" doc:"share of its capacity that is left"`
	MilliVolts int     `json:"mv" doc:"voltage of the battery" example:"3012"`
	State      string  `json:"state" doc:"stage of its life cycle" example:"LOCKED"`
}

func (s *server) forecast() {
	get(s, "/v1/tokens/{token}/forecast", "forecast", "What the token would show if it were older", func(in *forecastInput) (*body[forecastView], error) {
		m, err := s.fleet.Find(in.Token)
		if err != nil {
			return nil, err
		}
		by, err := period("query.by", in.By, 0, longest)
		if err != nil {
			return nil, err
		}
		if math.IsNaN(in.Celsius) {
			return nil, invalid("query.celsius", "want a number from -60 to 125")
		}
		f, err := m.Forecast(by, virtual.Celsius(in.Celsius), in.Points)
		if err != nil {
			return nil, err
		}
		return &body[forecastView]{viewOfForecast(in, f)}, nil
	})
}

func viewOfForecast(in *forecastInput, f fleet.Forecast) forecastView {
	v := forecastView{
		By: in.By, Celsius: in.Celsius, TrueTime: f.World.Time(), TokenTime: writable(f.Clock.Time().UTC()),
		ErrorMS: errorOf(f.Reading), Offset: f.Offset, Step: f.Step, LeftMS: f.Left.Milliseconds(),
		State: f.State.String(), Display: f.Text, Code: f.Code, Genuine: f.Genuine, View: f.Shown.View, PPM: float64(f.PPM),
		Battery: f.Battery, MilliVolts: f.Voltage, Points: []forecastPoint{},
	}
	if !f.Expiry.IsZero() {
		v.Expiry = f.Expiry.String()
	}
	for _, p := range f.Points {
		v.Points = append(v.Points, forecastPoint{
			AfterMS: p.After.Milliseconds(), ErrorMS: errorOf(p.Reading), Battery: p.Battery, MilliVolts: p.Voltage, State: p.State.String(),
		})
	}
	return v
}

// errorOf returns how far the token's clock is ahead in milliseconds, nil if it is not set.
func errorOf(r virtual.Reading) *int64 {
	if !r.ClockSet {
		return nil
	}
	ms := r.Error.Milliseconds()
	return &ms
}
