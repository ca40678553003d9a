// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/picture"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto"
)

// tokenPage is the data of a token's page.
type tokenPage struct {
	framed
	Token      control.TokenView
	StateText  string
	Tone       ui.Tone
	Button     bool          // it has one
	Front      template.HTML // pictures
	Rear       template.HTML
	AllowSeeds bool     // its seed may be read
	Formats    []string // of seed files
}

// tones are the colours of states.
var tones = map[string]ui.Tone{
	serialproto.StateProvisioned.String(): ui.Info, serialproto.StateLocked.String(): ui.Good,
	serialproto.StateExpired.String(): ui.Warn, serialproto.StateDead.String(): ui.Bad,
}

// token shows one token.
func (s *server) token(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("token")
	m, err := s.fleet.Find(name)
	if errors.Is(err, fleet.ErrAmbiguous) { // the wall shows all that have the serial number
		http.Redirect(w, r, "/?find="+url.QueryEscape(name), http.StatusSeeOther)
		return
	}
	if err != nil {
		s.missing(w, r, func() { webapi.NewProblem(http.StatusNotFound, "not_found", err.Error()).Write(w) })
		return
	}
	id := m.Token.HardwareID()
	st := m.Look()
	p := tokenPage{
		framed: s.inside(r, "", livePath+"?page=token&token="+hex.EncodeToString(id[:])),
		Token:  control.ViewOf(m, st), AllowSeeds: s.o.AllowSeedExport,
		Button: m.Token.Model().Profile().Behaviour.Button,
	}
	p.Up = ui.NavLine{Path: "/", Text: s.text(p.Lang, "token up")}
	if p.Title = p.Token.Serial; p.Title == "" {
		p.Title = p.Token.HardwareID
	}
	p.StateText, p.Tone = s.text(p.Lang, "token state "+p.Token.State), tones[p.Token.State]
	if p.Tone == "" {
		p.Tone = ui.Quiet
	}
	fob := picture.Fob{Digits: m.Token.Model().Digits, Button: p.Button, Label: s.text(p.Lang, "token picture front"), ID: "front"}
	p.Front = template.HTML(picture.Front(fob, st.View.LCD()))
	fob.ID, fob.Label = "back", s.text(p.Lang, "token picture back")
	p.Rear = template.HTML(picture.Back(fob, picture.BackLabel{Serial: p.Token.Serial, Expiry: st.Expiry.BackLabel(), Model: p.Token.Model}))
	for _, f := range seedfile.Formats() {
		if f.Writable() {
			p.Formats = append(p.Formats, f.Name)
		}
	}
	s.write(w, http.StatusOK, p.Lang, "token", p)
}
