// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/seedfile"
)

type export struct {
	File   string `yaml:"file" doc:"name of the file in the temporary folder, ${dir}" required:"true"`
	Format string `yaml:"format" doc:"name of a seed file format (fob seeds lists them); pskc by default"`
}

// errKept is the error of a step that needs seeds in a fleet of its own that keeps them.
var errKept = errors.New("the tokens keep their seeds: run the scenario with --allow-seed-export")

func (s *export) check(*checker) error {
	if s.Format == "" {
		s.Format = "pskc"
	}
	_, err := seedfile.FormatByName(s.Format)
	if s.File == "" || s.File == "." || s.File == ".." || filepath.Base(s.File) != s.File || slices.Contains([]string{"/", "\\"}, s.File) {
		err = cmp.Or(err, fmt.Errorf("file: %q: want the name of a file in the temporary folder, such as seeds.xml", s.File))
	}
	return err
}

func (s *export) run(r *runner) error {
	b, err := r.Fleet.Bytes(r.ctx, http.MethodGet, "/v1/export?format="+url.QueryEscape(s.Format), nil, "*/*")
	if refused := (*control.RefusedError)(nil); errors.As(err, &refused) && refused.Code == "seeds_refused" {
		if r.Shared {
			return errors.New("the fleet keeps its seeds: start it with fob run --allow-seed-export")
		}
		return errKept
	}
	if err != nil {
		return err
	}
	defer clear(b)
	return put(filepath.Join(r.dir, s.File), b, 0o600)
}
