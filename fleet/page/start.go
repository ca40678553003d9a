// SPDX-License-Identifier: Apache-2.0

package page

import (
	"html/template"
	"strconv"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/picture"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/virtual"
)

// firstLot is the number of tokens of the first lot, unless a person asks for another.
const firstLot = 12

// startView explains tokens to a person who has none yet, and makes the first lot.
type startView struct {
	Hidden bool // there are tokens
	Count  int
	Fields []ui.Field
	Fob    template.HTML // a picture
}

// start returns the start of a wall.
func (s *server) start(lang string) startView {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	profile := ui.Field{Name: "profile", Type: "select", Label: t("start profile"), Value: fleet.Profiles()[0]}
	for _, name := range fleet.Profiles() {
		profile.Options = append(profile.Options, ui.Option{Value: name, Text: t("start profile " + name)})
	}
	crystal := ui.Field{Name: "crystal", Type: "select", Label: t("start crystal"), Value: fleet.CrystalModel, Hint: t("start crystal hint")}
	for _, name := range fleet.Crystals() {
		crystal.Options = append(crystal.Options, ui.Option{Value: name, Text: t("start crystal " + name)})
	}
	return startView{
		Hidden: s.fleet.Len() > 0, Count: firstLot,
		Fields: []ui.Field{
			{Name: "count", Type: "text", Inputmode: "numeric", Label: t("start count"), Value: strconv.Itoa(firstLot), MaxLength: len("1,000,000")},
			profile, crystal,
		},
		Fob: exampleFob(t("start picture")),
	}
}

// exampleFob draws a token that shows a code, half a minute before the next.
func exampleFob(label string) template.HTML {
	const code = "287082" // of RFC 6238, for 1970-01-01T00:00:59Z
	v := virtual.View{Digits: len(code), Contrast: 1}
	for i := range len(code) {
		v.Lit.Digits[i], _ = firmware.Glyph(code[i])
	}
	v.Lit.Bars, v.Lit.Icons = 1<<3-1, firmware.IconTick
	return template.HTML(picture.Front(picture.Fob{Digits: len(code), Label: label, ID: "start-fob"}, v.LCD()))
}
