// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/hex"
	"net/http"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/webapi"
)

// tokenPage is the data of a token's page.
type tokenPage struct {
	framed
	Token control.TokenView
}

// token shows one token.
func (s *server) token(w http.ResponseWriter, r *http.Request) {
	m, err := s.fleet.Find(r.PathValue("token"))
	if err != nil {
		s.missing(w, r, func() { webapi.NewProblem(http.StatusNotFound, "not_found", err.Error()).Write(w) })
		return
	}
	id := m.Token.HardwareID()
	p := tokenPage{s.inside(r, "", livePath+"?page=token&token="+hex.EncodeToString(id[:])), control.ViewOf(m, m.Look())}
	if p.Title = p.Token.Serial; p.Title == "" {
		p.Title = p.Token.HardwareID
	}
	s.write(w, http.StatusOK, p.Lang, "token", p)
}
