// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// maxKeyPart is the maximum size of a form part with a key, in bytes. maxWarnings is
// the maximum number of warnings in the answer; the others are counted.
const (
	maxKeyPart  = 1 << 20
	maxWarnings = 50
)

type importInput struct {
	Format    string `query:"format" maxLength:"32" doc:"name of the format; omitted: detected from the content"`
	Contract  string `query:"contract" maxLength:"32" doc:"contract to which all tokens are issued; omitted: inventory"`
	Step      int    `query:"step" minimum:"1" maximum:"3600" doc:"in seconds, if the file does not specify it"`
	Digits    int    `query:"digits" minimum:"6" maximum:"9" doc:"used if the file does not specify it"`
	Zone      string `query:"expiry_zone" enum:"japan,utc,ask" doc:"time zone of the expiry dates on the back labels; ask: nothing is imported if the dates differ; omitted: japan, with a warning if they differ"`
	Algorithm string `query:"algorithm" enum:"sha1,sha256,sha512" doc:"used if the file does not specify it"`
}

type importView struct {
	Tokens   int      `json:"tokens" doc:"number of imported tokens"`
	Format   string   `json:"format" doc:"format of the file"`
	Warnings []string `json:"warnings" nullable:"false" doc:"what to check in the file; if there are too many, the last one gives the number of the others"`
}

func (s *server) imports() {
	text := &huma.Schema{Type: huma.TypeString}
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/imports", id: "importSeeds", role: clerkRole, heavy: true, status: http.StatusCreated,
		summary: "Import a seed file: all of its tokens, or none",
		more: "The body is the file. Send an encrypted or signed file as a form (multipart/form-data): first its keys, " +
			"and the part file last. Keys are sent only in the body, because proxies log URLs and headers.",
		body: &huma.RequestBody{
			Required: true,
			Content: map[string]*huma.MediaType{
				"application/octet-stream": {Schema: binary},
				"multipart/form-data": {Schema: &huma.Schema{
					Type: huma.TypeObject,
					Properties: map[string]*huma.Schema{
						"key":      {Type: huma.TypeString, Description: "pre-shared AES key, in hexadecimal"},
						"password": text,
						"private":  {Type: huma.TypeString, Description: "PEM: the recipient's RSA private key"},
						"trusted":  {Type: huma.TypeString, Description: "PEM: certificates; the file must be signed by one of them"},
						"file":     binary,
					},
					Required: []string{"file"},
				}},
			},
		},
		change: func(op *huma.Operation) {
			op.Errors = append(op.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		},
	}, s.importFile)
}

func (s *server) importFile(ctx context.Context, req *request, in *importInput) (*body[importView], error) {
	var o seedfile.ReadOptions
	o.Step, o.Digits = token.UnixSeconds(in.Step), uint8(in.Digits)
	if in.Algorithm != "" {
		alg, err := token.ParseAlgorithm(in.Algorithm)
		if err != nil {
			return nil, invalid("query.algorithm", err.Error())
		}
		o.Algorithm = alg
	}
	zone, err := bank.ParseExpiryZone(in.Zone)
	if err != nil {
		return nil, invalid("query.expiry_zone", "want japan, utc or ask")
	}
	var format *seedfile.Format
	if in.Format != "" {
		var err error
		if format, err = seedfile.FormatByName(in.Format); err != nil {
			return nil, invalid("query.format", "unknown format")
		}
		if !format.Readable() {
			return nil, invalid("query.format", "this format can be written only")
		}
	}
	out := importView{Warnings: []string{}}
	dropped := 0
	o.Warn = func(words string) {
		if len(out.Warnings) < maxWarnings {
			out.Warnings = append(out.Warnings, words)
		} else {
			dropped++
		}
	}

	content := &transfer{r: http.MaxBytesReader(req.w, req.r.Body, s.o.MaxImport)}
	file, err := s.filePart(req.r.Header.Get("Content-Type"), content, &o.Keys)
	defer func() {
		for _, secret := range [][]byte{o.Keys.Key, o.Keys.Password, o.Keys.Private} {
			clear(secret)
		}
	}()
	if err != nil {
		return nil, err
	}
	var r seedfile.Reader
	if format != nil {
		r, err = format.NewReader(file, o)
	} else {
		r, format, err = seedfile.NewReader(file, o)
	}
	if err != nil {
		return nil, fileFault(err, content, file)
	}
	report, err := s.bank.Import(ctx, req.by(), &wholeFile{Reader: seedfile.Unique(r, format.Name), end: file}, bank.ImportOptions{Contract: in.Contract, Zone: zone})
	if err != nil {
		return nil, fileFault(err, content, file)
	}
	out.Tokens, out.Format = report.Tokens, report.Format
	out.Warnings = slices.Insert(out.Warnings, 0, report.Warnings...)
	if dropped > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("and %d more", dropped))
	}
	if out.Format == "" {
		out.Format = format.Name
	}
	return &body[importView]{out}, nil
}

// fileFault explains why a seed file was not imported. It looks at transfer errors
// first, because the seed file reader reports them as a malformed file.
func fileFault(err error, content *transfer, file io.Reader) error {
	var late net.Error
	if errors.As(content.err, &late) && late.Timeout() {
		return problem(http.StatusRequestTimeout, "the file did not arrive in time: no token was imported", "", nil)
	}
	if content.err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(content.err, &tooLarge) {
			return content.err
		}
		return problem(http.StatusBadRequest, "the transfer of the file broke off: no token was imported", "", nil)
	}
	if last, ok := file.(*lastPart); ok && last.err != nil && last.err != io.EOF {
		return last.err
	}
	var be *bank.Error
	if errors.As(err, &be) {
		return err
	}
	for _, known := range []error{
		seedfile.ErrFormat, seedfile.ErrSyntax, seedfile.ErrValue, seedfile.ErrNoPeriod, seedfile.ErrUnsupported,
		seedfile.ErrDuplicate, seedfile.ErrMAC, seedfile.ErrNoMAC, seedfile.ErrNoKey, seedfile.ErrSignature, seedfile.ErrLimit,
	} {
		if errors.Is(err, known) {
			return invalid("body", "the seed file was refused, and no token was imported: "+err.Error())
		}
	}
	return err
}

// transfer keeps the first error of reading the body. The seed file reader would
// replace it by an error of its own.
type transfer struct {
	r   io.Reader
	err error // except io.EOF
}

func (t *transfer) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && err != io.EOF && t.err == nil {
		t.err = err
	}
	return n, err
}

// wholeFile also reads the bytes after the last record. A form with further parts is
// then rejected before the tokens are imported.
type wholeFile struct {
	seedfile.Reader
	end io.Reader
}

func (w *wholeFile) Read() (seedfile.Record, error) {
	rec, err := w.Reader.Read()
	if err == io.EOF {
		if _, rest := io.Copy(io.Discard, w.end); rest != nil {
			return rec, rest
		}
	}
	return rec, err
}

// filePart returns the seed file in a request body. The file is the whole body, or the
// last part of a form whose other parts are the keys that open it.
func (s *server) filePart(contentType string, r io.Reader, keys *seedfile.Keys) (io.Reader, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "" || err == nil && kind == "application/octet-stream":
		return r, nil
	case err != nil || kind != "multipart/form-data" || params["boundary"] == "":
		return nil, problem(http.StatusUnsupportedMediaType,
			"send the file as application/octet-stream, or with its keys as multipart/form-data", "", nil)
	}
	form := multipart.NewReader(r, params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			if err == io.EOF {
				return nil, invalid("body.file", "the form has no file")
			}
			return nil, formFault(err)
		}
		name := part.FormName()
		if name == "file" {
			return &lastPart{form: form, part: part}, nil
		}
		text, err := io.ReadAll(io.LimitReader(part, maxKeyPart+1))
		if err != nil {
			return nil, formFault(err)
		}
		if len(text) > maxKeyPart {
			return nil, invalid("body."+name, "too long")
		}
		if err := setKey(keys, name, text); err != nil {
			return nil, err
		}
	}
}

func formFault(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return problem(http.StatusBadRequest, "the form is incomplete or invalid", "body", nil)
}

// lastPart is the file of a form. A part after the file is an error, because the keys
// are needed before the file.
type lastPart struct {
	form *multipart.Reader
	part *multipart.Part
	err  error // sticky
}

func (l *lastPart) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.part.Read(p)
	switch {
	case err != nil && err != io.EOF:
		err = formFault(err)
	case err == io.EOF:
		if _, next := l.form.NextPart(); next == nil {
			err = invalid("body", "the part file must be the last one")
		} else if next != io.EOF {
			err = formFault(next)
		}
	}
	l.err = err
	return n, err
}
