// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"html/template"
	"strings"

	"github.com/d204ef64/fob/internal/picture"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// pictured is a part of a token that pages show to users. It is part of the keys
// picture.NAME.alt and .caption. The pictures are samples: they show no token of the
// bank.
type pictured string

// The parts.
const (
	picturedSerial pictured = "serial"
	picturedCode   pictured = "code"
	picturedExpiry pictured = "expiry"
)

// sampleLabel is the back label of the samples.
var sampleLabel = picture.BackLabel{Serial: "123456789012", Expiry: "12/31/30", Model: "SAMPLE"}

// sampleDigits are the digits of the sample's LCD. All their segments are dark, as in a
// self-test.
const sampleDigits = 6

// draw returns the picture of a part.
func (p pictured) draw() []byte {
	f := picture.Fob{Digits: sampleDigits}
	switch p {
	case picturedSerial:
		f.Mark = picture.MarkSerial
	case picturedExpiry:
		f.Mark = picture.MarkExpiry
	default:
		f.Mark = picture.MarkCode
		return picture.Front(f, picture.TestPattern(sampleDigits))
	}
	return picture.Back(f, sampleLabel)
}

// asset returns the name of the picture's file.
func (p pictured) asset() string { return "token-" + string(p) + ".svg" }

// pictureAssets returns the files of the pictures.
func pictureAssets() (assets []ui.Asset) {
	for _, p := range []pictured{picturedSerial, picturedCode, picturedExpiry} {
		assets = append(assets, ui.Asset{Name: p.asset(), Content: p.draw()})
	}
	return assets
}

// pictures returns pictures with their texts.
func (w *wording) pictures(parts []pictured) ([]ui.Picture, error) {
	t := &texts{wording: *w}
	width, height := picture.Fob{Digits: sampleDigits}.Pixels()
	var all []ui.Picture
	for _, p := range parts {
		name := "picture." + string(p)
		all = append(all, ui.Picture{
			Asset: p.asset(), Width: width, Height: height, Alt: t.key(name + ".alt"), Caption: t.key(name + ".caption"),
		})
	}
	return all, t.err
}

// back returns the picture of a token's back label, on which users recognise their token.
// It has no more than the facts beside it.
func (w *wording) back(b bank.Token) (template.HTML, error) {
	label, err := w.Text("picture.own.alt", b.Serial)
	if err != nil {
		return "", err
	}
	digits := sampleDigits
	if b.Profile.Digits > token.MinDigits {
		digits = token.MaxDigits
	}
	svg := picture.Back(picture.Fob{Digits: digits, Label: label}, picture.BackLabel{
		Serial: b.Serial.String(), Expiry: b.Expiry.BackLabel(), Model: strings.TrimSpace(b.Manufacturer + " " + b.Model),
	})
	return template.HTML(svg), nil // package picture escapes the texts
}

// pictures returns the parts of a token for which a form asks.
func (f *form) pictures() (parts []pictured) {
	has := func(kind string) bool {
		for _, field := range f.Fields {
			if field.Kind == kind && !field.Fixed {
				return true
			}
		}
		return false
	}
	if has("serial") {
		parts = append(parts, picturedSerial)
	}
	if has("code") {
		parts = append(parts, picturedCode)
	}
	return parts
}

// picturesOf are the pictures beside the advice for a trouble.
var picturesOf = map[trouble][]pictured{
	notRegistered: {picturedSerial}, revoked: {picturedSerial}, broken: {picturedSerial}, lost: {picturedSerial},
	expired: {picturedExpiry},
}
