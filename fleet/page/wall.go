// SPDX-License-Identifier: Apache-2.0

package page

import "net/http"

// wallPage is the data of the wall.
type wallPage struct {
	framed
	Start startView
}

// wall shows the faces of all tokens.
func (s *server) wall(w http.ResponseWriter, r *http.Request) {
	p := wallPage{framed: s.inside(r, "", livePath+"?page=wall")}
	p.Start = s.start(p.Lang)
	p.Title = s.text(p.Lang, "wall title")
	s.write(w, http.StatusOK, p.Lang, "wall", p)
}
