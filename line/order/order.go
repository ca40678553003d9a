// SPDX-License-Identifier: Apache-2.0

// Package order reads the orders of a provisioning line: the kind and number of tokens,
// their serial numbers, and the customer. An order is a YAML file that two people sign
// with their SSH keys. A line obeys no other.
//
//	o, signers, err := order.VerifyFile("order.yaml", allowed, time.Now())
//
// [Parse] reports all faults of an order with their lines. [Verify] checks the
// signatures over its exact bytes as well. An order never contains a secret: keys are
// named by their files and fingerprints.
package order

import (
	"time"

	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/token"
)

// Order is an order. [Parse] returns only orders without a fault.
type Order struct {
	ID       string  `yaml:"id" doc:"identifies the order: 1 to 40 characters of A-Z, a-z, 0-9, period, hyphen and underscore" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$" required:"true"`
	Customer string  `yaml:"customer" doc:"who gets the tokens: 1 to 100 characters" required:"true"`
	Model    string  `yaml:"model" doc:"model that each device must report" required:"true"`
	Profile  Profile `yaml:"profile" doc:"how the tokens compute and show codes"`

	Count   int     `yaml:"count" doc:"number of good tokens to make: 1 to 1,000,000" min:"1" max:"1000000" required:"true"`
	Serials Serials `yaml:"serials" doc:"the serial numbers that the order may use" required:"true"`

	Expiry    string `yaml:"expiry" doc:"last day on which the tokens work, which the back label shows: 2031-11-30; this or life_years"`
	LifeYears int    `yaml:"life_years" doc:"years from the day of programming in Japan to the expiry date: 1 to 20; this or expiry" min:"1" max:"20"`

	Recipients []Recipient `yaml:"recipients" doc:"who can decrypt the seed file" required:"true"`
	Label      Label       `yaml:"label" doc:"the back label" required:"true"`
	Firmware   Firmware    `yaml:"firmware" doc:"versions of the firmware that are allowed: a list or a range" required:"true"`
	Limits     Limits      `yaml:"limits" doc:"the limits for a good token" required:"true"`

	Verification string `yaml:"verification" doc:"how the seed in a token is verified: from two steps on its display, or by one code that the device computes" values:"two steps displayed,device check of one step" required:"true"`

	ValidFrom  string `yaml:"valid_from" doc:"first instant at which a line may work on the order: 2026-12-01T09:00:00+09:00" format:"date-time" required:"true"`
	ValidUntil string `yaml:"valid_until" doc:"last instant at which a line may work on the order" format:"date-time" required:"true"`

	Signatures int `yaml:"signatures" doc:"people who must sign the order: 2 to 9; 2 by default" min:"2" max:"9"`

	digest          [32]byte
	from, until     time.Time
	expiry          token.Expiry
	profile         token.Profile
	template        *label.Template
	lastSerial      uint64 // how far the last number is from the first
	serialDigits    int    // digits that count
	serialsPrefixed string // the characters before them
}

// Profile is the profile of the tokens. The zero value of a field is the default.
type Profile struct {
	Name      string `yaml:"name" doc:"name of a profile; the model by default" values:"@profiles"`
	Digits    int    `yaml:"digits" doc:"digits of a code: 6 or 8; the profile's by default"`
	Step      int    `yaml:"step" doc:"time step in seconds: 20, 30, 36 or 60; the profile's by default"`
	Algorithm string `yaml:"algorithm" doc:"hash of the codes; the profile's by default" values:"sha1,sha256,sha512"`
}

// Label describes the back label and when the next token may follow.
type Label struct {
	Template string `yaml:"template" doc:"name of a built-in template; this or text" values:"@templates"`
	Text     string `yaml:"text" doc:"a template as in docs/line-labels.md; this or template"`
	NextUnit string `yaml:"next_unit" doc:"when the station accepts the next token; at once by default" values:"at once,after label taken,after label scanned"`
}

// The values of Label.NextUnit.
const (
	AtOnce            = "at once"             // the operator keeps label and token together
	AfterLabelTaken   = "after label taken"   // the printer reports that the label was taken
	AfterLabelScanned = "after label scanned" // the operator scans the label on the token
)

// The values of Order.Verification.
const (
	TwoStepsDisplayed = "two steps displayed"
	DeviceCheck       = "device check of one step"
)

// Firmware lists versions, or has the first and the last of a range.
type Firmware struct {
	Versions []string `yaml:"versions" doc:"the allowed versions: [0.1.0, 0.1.2]"`
	From     string   `yaml:"from" doc:"the lowest allowed version"`
	To       string   `yaml:"to" doc:"the highest allowed version"`
}

// Limits are the limits for a good token.
type Limits struct {
	DriftPPM  float64 `yaml:"drift_ppm" doc:"largest error of the crystal, fast or slow, in parts per million: more than 0, at most 10,000" max:"10000" required:"true"`
	SupplyMin float64 `yaml:"supply_min" doc:"lowest supply voltage in volts: 1 to 6" min:"1" max:"6" required:"true"`
	SupplyMax float64 `yaml:"supply_max" doc:"highest supply voltage in volts: 1 to 6" min:"1" max:"6" required:"true"`
	Retries   int     `yaml:"retries" doc:"attempts after the first before a token is set aside: 0 to 10; 0 by default" min:"0" max:"10"`
}

// Digest returns the SHA-256 of the exact bytes of the order.
func (o *Order) Digest() [32]byte { return o.digest }

// Validity returns the first and the last instant at which a line may work on the order.
func (o *Order) Validity() (from, until time.Time) { return o.from, o.until }

// TokenProfile returns the profile of the tokens.
func (o *Order) TokenProfile() token.Profile { return o.profile }

// LabelTemplate returns the template of the back label. The longest label of the order
// fits it on a printer with 600 dots per inch; check a coarser printer before the first
// token.
func (o *Order) LabelTemplate() *label.Template { return o.template }

// ExpiryFor returns the expiry date of a token that is programmed at a time.
func (o *Order) ExpiryFor(programmed time.Time) token.Expiry {
	if o.LifeYears == 0 {
		return o.expiry
	}
	day, err := token.ExpiryOf(programmed.In(token.Tokyo()))
	if err != nil {
		return token.Expiry{} // a clock outside the calendar
	}
	return day.AddMonths(12 * o.LifeYears)
}
