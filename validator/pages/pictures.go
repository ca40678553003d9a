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

// picture returns a picture with its texts.
func (w *wording) picture(p pictured) (*ui.Picture, error) {
	t, name := &texts{wording: *w}, "picture."+string(p)
	width, height := picture.Fob{Digits: sampleDigits}.Pixels()
	return &ui.Picture{
		Asset: p.asset(), Width: width, Height: height, Alt: t.key(name + ".alt"), Caption: t.key(name + ".caption"),
	}, t.err
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

// addPictures adds pictures to the first fields for a serial number and for a code.
func (f *form) addPictures() {
	parts := map[string]pictured{"serial": picturedSerial, "code": picturedCode}
	for _, field := range f.Fields {
		if part := parts[field.Kind]; part != "" && !field.Fixed {
			field.Picture = part
			delete(parts, field.Kind)
		}
	}
}

// pictureFor is the picture beside the advice for a trouble.
var pictureFor = map[trouble]pictured{
	notRegistered: picturedSerial, revoked: picturedSerial, broken: picturedSerial, lost: picturedSerial,
	expired: picturedExpiry,
}
