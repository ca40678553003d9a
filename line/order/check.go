// SPDX-License-Identifier: Apache-2.0

package order

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/token"
)

// The limits of an order.
const (
	maxCount = 1_000_000
	maxLife  = 20 // years; no battery lasts longer

	// One person must not be able to order tokens alone, so an order cannot ask for
	// fewer than two signatures.
	minSignatures = 2
	maxSignatures = 9

	maxPPM     = 10000 // of a device without a crystal; a crystal is off by less than 1000
	minVolts   = 1
	maxVolts   = 6
	maxRetries = 10
	maxLabel   = 4096 // bytes
)

var orderID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// check checks all fields and computes the values that follow from them.
func (o *Order) check(c *checker) {
	if c.need("id", o.ID) && !orderID.MatchString(o.ID) {
		c.fault("id", "want 1 to 40 characters of A-Z, a-z, 0-9, period, hyphen and underscore")
	}
	c.text("customer", o.Customer)
	c.text("model", o.Model)
	o.checkProfile(c)
	c.within("count", float64(o.Count), 1, maxCount)
	o.checkSerials(c)
	o.checkTimes(c)
	o.checkRecipients(c)
	o.checkLabel(c)
	field, err := o.Firmware.check()
	c.part("firmware", field, err)
	o.checkLimits(c)
	c.oneOf("verification", o.Verification, TwoStepsDisplayed, DeviceCheck)
	o.Signatures = cmp.Or(o.Signatures, minSignatures)
	c.within("signatures", float64(o.Signatures), minSignatures, maxSignatures)
}

// text checks a text that people read.
func (c *checker) text(field, value string) {
	if !c.need(field, value) {
		return
	}
	if n := utf8.RuneCountInString(value); n > 100 || strings.TrimSpace(value) != value {
		c.fault(field, "want 1 to 100 characters without spaces at the ends")
	} else if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		c.fault(field, "it has a character that cannot be printed")
	}
}

func (o *Order) checkProfile(c *checker) {
	given := o.Profile
	name, field := given.Name, "profile.name"
	if name == "" {
		name, field = o.Model, "profile"
	}
	p, err := token.ProfileByName(name)
	if err != nil {
		if name != "" { // otherwise the model is missing, which has a fault
			c.fault(field, "%s", err)
		}
		return
	}
	if given.Digits != 0 {
		p.Digits = uint8(min(max(given.Digits, 0), 255))
	}
	if given.Step != 0 {
		p.Step = token.UnixSeconds(given.Step)
	}
	if given.Algorithm != "" {
		if p.Algorithm, err = token.ParseAlgorithm(given.Algorithm); err != nil {
			c.fault("profile.algorithm", "%s", err)
		}
	}
	if err := p.Validate(); err != nil {
		c.fault("profile", "%s", err)
	}
	o.profile = p
}

func (o *Order) checkSerials(c *checker) {
	s := &o.Serials
	before := len(c.faults)
	c.oneOf("serials.kind", s.Kind, serialKinds()...)
	s.CheckDigit = cmp.Or(s.CheckDigit, "none")
	c.oneOf("serials.check_digit", s.CheckDigit, "none", "luhn")
	if c.need("serials.first", s.First) && len(c.faults) == before && o.Count > 0 && o.Count <= maxCount {
		field, err := o.measure()
		c.part("serials", field, err)
	}
}

func (o *Order) checkTimes(c *checker) {
	o.from = c.instant("valid_from", o.ValidFrom)
	o.until = c.instant("valid_until", o.ValidUntil)
	if !o.from.IsZero() && !o.until.IsZero() && !o.from.Before(o.until) {
		c.fault("valid_until", "it is not after valid_from")
	}
	switch {
	case o.Expiry != "" && o.LifeYears != 0:
		c.fault("life_years", "give expiry or life_years, not both")
	case o.Expiry == "" && o.LifeYears == 0:
		c.fault("expiry", "give expiry or life_years")
	case o.Expiry == "":
		c.within("life_years", float64(o.LifeYears), 1, maxLife)
	default:
		var err error
		if o.expiry, err = token.ParseExpiry(o.Expiry); err != nil {
			c.fault("expiry", "%s", err)
		} else if !o.until.IsZero() && !o.until.Before(o.expiry.Ends(nil)) {
			c.fault("expiry", "tokens made before valid_until would have expired already")
		}
	}
}

// instant parses a time with its zone.
func (c *checker) instant(field, text string) time.Time {
	if !c.need(field, text) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		c.fault(field, "%q is not a time such as 2026-12-01T09:00:00+09:00", clip(text))
	}
	return t
}

func (o *Order) checkRecipients(c *checker) {
	if len(o.Recipients) == 0 {
		c.fault("recipients", "there is no recipient, who could decrypt the seed file")
	}
	for i := range o.Recipients {
		field, err := o.Recipients[i].check()
		c.part("recipients["+strconv.Itoa(i)+"]", field, err)
	}
}

func (o *Order) checkLabel(c *checker) {
	l := &o.Label
	l.NextUnit = cmp.Or(l.NextUnit, AtOnce)
	c.oneOf("label.next_unit", l.NextUnit, AtOnce, AfterLabelTaken, AfterLabelScanned)
	field, err := "label.template", error(nil)
	switch {
	case (l.Template == "") == (l.Text == ""):
		c.fault("label", "give template or text")
		return
	case l.Template != "":
		o.template, err = label.TemplateByName(l.Template)
	case len(l.Text) > maxLabel:
		c.fault("label.text", "%d bytes, want at most %d", len(l.Text), maxLabel)
		return
	default:
		field = "label.text"
		o.template, err = label.ParseTemplate("text", l.Text)
	}
	if err == nil && len(c.faults) == 0 { // the label has fields of the order
		err = o.template.Check(o.LongestLabel(), 600)
	}
	if err != nil {
		c.fault(field, "%s", err)
	}
}

// LongestLabel returns a label of the order with the most characters.
func (o *Order) LongestLabel() label.Label {
	serial, _ := o.Serial(o.lastSerial)
	return label.Label{Serial: serial, Expiry: o.ExpiryFor(o.from), Model: o.Model, Customer: o.Customer, Order: o.ID, Port: 99}
}

func (o *Order) checkLimits(c *checker) {
	l := &o.Limits
	if !(l.DriftPPM > 0 && l.DriftPPM <= maxPPM) {
		c.fault("limits.drift_ppm", "%v, want more than 0 and at most %v", l.DriftPPM, maxPPM)
	}
	c.within("limits.supply_min", l.SupplyMin, minVolts, maxVolts)
	c.within("limits.supply_max", l.SupplyMax, minVolts, maxVolts)
	if l.SupplyMin > l.SupplyMax {
		c.fault("limits.supply_max", "it is lower than supply_min")
	}
	c.within("limits.retries", float64(l.Retries), 0, maxRetries)
}
