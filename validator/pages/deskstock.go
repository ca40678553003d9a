// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

func (c *call) stockPage() error {
	l, err := readPart(c, afterMark, func(p bank.Page) ([]bank.Token, string, error) {
		return c.bank.Tokens(c.r.Context(), c.by, bank.TokenFilter{Inventory: true, Page: p})
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "stock", "stock.title", l)
}

// issueForm issues a token from the inventory to a contract without an order.
func (c *call) issueForm() *form {
	contract := idField("contract", 32)
	contract.Hint = "hint.contract-id"
	f := &form{
		Title: newMsg("issue.title"), Lead: []msg{newMsg("issue.lead")},
		Fields: []*field{serialField("serial"), contract},
		Submit: "issue.submit", Cancel: "/desk/stock", Action: "/desk/stock/issue",
	}
	f.Fields[0].Value = c.r.URL.Query().Get("serial")
	return f
}

func (c *call) issue() error {
	f := c.issueForm()
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	serial, err := c.serial(c.r.PostForm, "serial")
	if err != nil {
		return err
	}
	err = c.bank.Issue(c.r.Context(), c.by, values["contract"], serial)
	if errors.Is(err, bank.ErrNotFound) {
		f.Problem, f.Detail = "problem.refused", c.detail(err)
		return c.showForm(f)
	}
	if err != nil {
		return c.showFormError(f, err)
	}
	c.setFlash("good", newMsg("issue.done", serial.String()))
	return c.saveAndRedirect("/contracts/" + values["contract"])
}

// importForm returns the form to import a seed file. The file is the last field: the
// server needs the keys first, because it reads the file as it arrives and never stores
// it.
func (c *call) importForm() *form {
	format := &field{Name: "format", Label: "field.format", Hint: "hint.format", Kind: "select", Optional: true}
	format.Options = []option{{Value: "", Label: newMsg("import.find-out")}}
	for _, f := range seedfile.Formats() {
		if f.Readable() {
			format.Options = append(format.Options, option{Value: f.Name, Text: f.Name + " – " + f.Title})
		}
	}
	step := &field{Name: "step", Label: "field.step", Hint: "hint.step", Kind: "select", Optional: true, Options: []option{
		{Value: "", Label: newMsg("import.in-file")}, {Value: "60", Text: "60"},
	}}
	zone := &field{Name: "zone", Label: "field.expiry-zone", Hint: "hint.expiry-zone", Kind: "select", Optional: true, Options: []option{
		{Value: "", Label: newMsg("import.zone-ask")}, {Value: string(bank.ZoneJapan), Label: newMsg("import.zone-japan")},
		{Value: string(bank.ZoneUTC), Label: newMsg("import.zone-utc")},
	}}
	key := optional(&field{Name: "key", Label: "field.key", Hint: "hint.key", Kind: "hex", Max: 64, Auto: "off"})
	contract := optional(idField("contract", 32))
	contract.Hint = "hint.import-contract"
	return &form{
		Title: newMsg("import.title"), Lead: []msg{newMsg("import.lead")},
		Fields: []*field{
			format, step, zone, optional(passwordField("password", "field.file-password", "off")), key, contract,
			{Name: "file", Label: "field.seed-file", Kind: "file"},
		},
		Submit: "import.submit", Cancel: "/desk/stock", Action: "/desk/stock/import", Files: true,
	}
}

// maxWarnings is the maximum number of warnings about a file. Further ones are only
// counted.
const maxWarnings = 50

// maxPart is the maximum size in bytes of a field other than the file.
const maxPart = 1024

func (c *call) importFile() error {
	limited := &limitedBody{ReadCloser: http.MaxBytesReader(c.w, c.r.Body, c.o.MaxImport)}
	c.r.Body = limited
	// A large file on a slow connection takes longer than the deadline for a page. The
	// error is ignored: a server without deadlines needs no change.
	limits := http.NewResponseController(c.w)
	_ = limits.SetReadDeadline(time.Now().Add(importTime))
	_ = limits.SetWriteDeadline(time.Now().Add(importTime))
	parts, err := c.r.MultipartReader()
	if err != nil {
		return &badForm{err}
	}
	values := url.Values{}
	for range 20 {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return &badForm{err}
		}
		if part.FormName() == "file" {
			if !goodFormToken(c.secret, values.Get("form-token")) {
				return &forged{errFormToken}
			}
			return c.importPart(part, limited, values)
		}
		text, err := io.ReadAll(io.LimitReader(part, maxPart+1))
		if err != nil {
			return &badForm{err}
		}
		if len(text) > maxPart {
			return &badForm{fmt.Errorf("form field %q: more than %d bytes", part.FormName(), maxPart)}
		}
		values.Add(part.FormName(), string(text))
	}
	return &badForm{errors.New("the form has no file")}
}

// limitedBody remembers whether the body was too large.
type limitedBody struct {
	io.ReadCloser
	over *http.MaxBytesError
}

func (w *limitedBody) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if w.over == nil {
		errors.As(err, &w.over)
	}
	return n, err
}

// importPart imports the file of a form.
func (c *call) importPart(part *multipart.Part, limited *limitedBody, posted url.Values) error {
	f := c.importForm()
	file := f.Fields[len(f.Fields)-1]
	file.Optional = true // the file has arrived
	values, ok := f.read(posted)
	file.Optional = false
	var warnings []string
	dropped := 0
	o := seedfile.ReadOptions{Warn: func(text string) {
		if len(warnings) < maxWarnings {
			warnings = append(warnings, text)
		} else {
			dropped++
		}
	}}
	zone, err := bank.ParseExpiryZone(cmp.Or(values["zone"], string(bank.ZoneAsk)))
	if err != nil {
		return &badForm{err}
	}
	if v := values["password"]; v != "" {
		o.Keys.Password = []byte(v)
	}
	if v := values["key"]; ok && v != "" {
		key, err := hex.DecodeString(v)
		if err != nil || len(key) != 16 && len(key) != 24 && len(key) != 32 {
			f.setError("key", "problem.key")
			ok = false
		}
		o.Keys.Key = key
	}
	if v := values["step"]; v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return &badForm{err}
		}
		o.Step = token.UnixSeconds(n)
	}
	if part.FileName() == "" {
		f.setError("file", "problem.required")
		ok = false
	}
	if !ok {
		return c.showForm(f)
	}
	var r seedfile.Reader
	if name := values["format"]; name != "" {
		var format *seedfile.Format
		if format, err = seedfile.FormatByName(name); err == nil {
			r, err = format.NewReader(part, o)
		}
	} else {
		r, _, err = seedfile.NewReader(part, o)
	}
	var report bank.ImportReport
	if err == nil {
		report, err = c.bank.Import(c.r.Context(), c.by, r, bank.ImportOptions{Contract: values["contract"], Zone: zone})
	}
	switch {
	case limited.over != nil: // the format reader's own error would be misleading
		return limited.over
	case errors.Is(err, bank.ErrUnavailable), errors.Is(err, bank.ErrForbidden):
		return err
	case needsExpiryZone(err):
		f.setError("zone", "problem.expiry-zone")
		f.Detail = c.detail(err)
		return c.showForm(f)
	case errors.Is(err, bank.ErrInvalid), errors.Is(err, bank.ErrConflict), errors.Is(err, bank.ErrNotFound), isFileError(err):
		f.setError("file", "problem.file")
		f.Detail = c.detail(err)
		return c.showForm(f)
	case err != nil:
		return err
	}
	c.setFlash("good", newMsg("import.done", strconv.Itoa(report.Tokens)))
	if all := slices.Concat(report.Warnings, warnings); len(all) > 0 {
		c.state.Flash.Kind, c.state.Flash.More = "next", c.phrases[c.lang].warnings(all, dropped)
	}
	return c.saveAndRedirect("/stock")
}

// needsExpiryZone reports whether an import failed because the clerk must choose the
// time zone of the dates on the back labels.
func needsExpiryZone(err error) bool {
	var own *bank.Error
	return errors.As(err, &own) && own.Field == "expiry_zone"
}

// isFileError reports whether an error is about the content of a seed file. The texts of
// such errors contain no seed.
func isFileError(err error) bool {
	for _, p := range filePhrases {
		if errors.Is(err, p.kind) {
			return true
		}
	}
	return false
}
