// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/barcode"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/virtual"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}

// codeView is a code on a display.
type codeView struct {
	Stamp
	Code       string    `json:"code" doc:"the digits on the display" example:"483920"`
	Serial     string    `json:"serial,omitempty" doc:"of the token" example:"ZZFB00000001"`
	Step       int64     `json:"step" doc:"the token's time step (T of RFC 6238)" example:"29453760"`
	ValidUntil time.Time `json:"valid_until" doc:"end of the step, by the world's clock"`
	LeftMS     int64     `json:"left_ms" doc:"until then, by the token's clock"`
}

type codeInput struct {
	ByToken
	MinRemaining string `query:"min_remaining" maxLength:"20" doc:"the step must last that much longer; if it does not, a manual clock is advanced, and with another clock the answer waits"`
	Fresh        bool   `query:"fresh" doc:"not a code of a step whose code was returned as fresh before"`
	ReadOnly     bool   `query:"read_only" doc:"the fleet stays as it is: no button is pressed and no clock is advanced; not with fresh, which is recorded"`
	RealTimeout  string `query:"real_timeout" maxLength:"20" doc:"how long the answer may wait, by the machine's clock; PT2M by default"`
}

// oracleInput asks about a code.
type oracleInput struct {
	Token  string `json:"token" maxLength:"40" doc:"a serial number or a hardware id" example:"ZZFB00000001"`
	Code   string `json:"code" minLength:"6" maxLength:"9" pattern:"^[0-9]+$" doc:"the digits" example:"483920"`
	Window int    `json:"window,omitempty" minimum:"0" maximum:"1000" doc:"steps each way that the server under test accepts"`
	Search int    `json:"search,omitempty" minimum:"0" maximum:"527040" doc:"steps each way to search; 1440 by default"`
}

// oracleView describes a code.
type oracleView struct {
	Stamp
	Found       bool  `json:"found" doc:"the code belongs to a step in the searched range"`
	Step        int64 `json:"step,omitempty" doc:"to which the code belongs"`
	Offset      int64 `json:"offset" doc:"steps after the step of the true time; negative: before"`
	TokenOffset int64 `json:"token_offset" doc:"steps after the step of the token's time"`
	WouldPass   bool  `json:"would_pass" doc:"a server with correct time and this window would find it, if it was not used"`
	Shown       bool  `json:"shown" doc:"the step is not after the token's own, so the display can have shown the code"`
}

type exportInput struct {
	Token  string `query:"token" maxLength:"40" doc:"only this token: a serial number or a hardware id; all by default" example:"ZZFB00000001"`
	Format string `query:"format" maxLength:"30" default:"pskc" doc:"name of a seed file format; fob seeds lists them"`
}

type fileOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *server) codes() {
	add(s, http.MethodGet, "/v1/tokens/{token}/code", "code", "The code that the token shows; the button is pressed only if the display is off",
		func(ctx context.Context, in *codeInput) (*body[codeView], error) {
			m, err := s.fleet.Find(in.Token)
			if err != nil {
				return nil, err
			}
			if in.ReadOnly && in.Fresh {
				return nil, invalid("query.read_only", "a fresh code is recorded: leave read_only or fresh out")
			}
			o := fleet.CodeOptions{Fresh: in.Fresh, ReadOnly: in.ReadOnly}
			most := m.StepLength()
			if in.MinRemaining != "" && most > 0 { // 0: a blank token, whose code is refused below
				if s.fleet.World().Mode() != virtual.Manual {
					most -= time.Second // the clock has run on when the answer is written
				}
				if o.MinLeft, err = period("query.min_remaining", in.MinRemaining, 0, max(most, 0)); err != nil {
					return nil, err
				}
			}
			if o.MinLeft != 0 || o.Fresh || in.RealTimeout != "" { // it may wait
				var cancel context.CancelFunc
				if ctx, cancel, err = realTimeout(ctx, in.RealTimeout, 2*time.Minute); err != nil {
					return nil, err
				}
				defer cancel()
			}
			c, err := m.Code(ctx, o)
			if err != nil {
				return nil, err
			}
			return &body[codeView]{codeOf(c)}, nil
		})
	add(s, http.MethodPost, "/v1/oracle", "oracle", "Find the time step of a code, and whether a server would accept it",
		func(_ context.Context, in *body[oracleInput]) (*body[oracleView], error) {
			m, err := s.fleet.Find(in.Body.Token)
			if err != nil {
				return nil, err
			}
			search := in.Body.Search
			if search == 0 {
				search = 1440
			}
			v, err := m.Oracle(in.Body.Code, search, in.Body.Window)
			if err != nil {
				return nil, err
			}
			return &body[oracleView]{oracleView{
				Stamp: stampOf(v.State), Found: v.Found, Step: v.Step, Offset: v.Offset, TokenOffset: v.Token,
				WouldPass: v.Fits, Shown: v.Found && v.Token <= 0,
			}}, nil
		})
	huma.Register(s.api, stream("/v1/codes", "all-codes", "The codes that all tokens show now, one JSON object a line; no button is pressed"),
		func(context.Context, *nothing) (*huma.StreamResponse, error) {
			return &huma.StreamResponse{Body: s.writeCodes}, nil
		})
	s.qr()
	addFile(s, "/v1/export", "export", "A seed file of all tokens that have a seed, or of one token; only with --allow-seed-export", s.export)
}

func codeOf(c fleet.Code) codeView {
	return codeView{
		Stamp: stampOf(c.State), Code: c.Text, Serial: c.Serial.String(), Step: c.Step,
		ValidUntil: c.StepEnds.Time(), LeftMS: c.Left.Milliseconds(),
	}
}

// stream describes an operation that answers with lines of JSON.
func stream(path, id, summary string) huma.Operation {
	op := operation(http.MethodGet, path, id, summary)
	op.Responses = map[string]*huma.Response{"200": {
		Description: "OK",
		Content:     map[string]*huma.MediaType{"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	return op
}

// lineCode is a line of all codes.
type lineCode struct {
	HardwareID string `json:"hardware_id"`
	Serial     string `json:"serial"`
	Code       string `json:"code"`
	Step       int64  `json:"step"`
	ErrorMS    int64  `json:"error_ms"`
}

func (s *server) writeCodes(ctx huma.Context) {
	ctx.SetHeader("Content-Type", "application/x-ndjson")
	w := ctx.BodyWriter()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	s.fleet.LookAtAll(func(m fleet.Member, st fleet.State) bool {
		if text, ok := fleet.CodeOn(st.Reading); ok {
			id := m.Token.HardwareID()
			_ = enc.Encode(lineCode{hex.EncodeToString(id[:]), st.Serial.String(), text, st.Step, st.Error.Milliseconds()})
		}
		if b.Len() < 64<<10 {
			return true
		}
		_, err := w.Write(b.Bytes())
		b.Reset()
		return err == nil && ctx.Context().Err() == nil
	})
	_, _ = w.Write(b.Bytes())
}

// refuseSeeds returns a problem unless seeds may be read.
func (s *server) refuseSeeds() error {
	if s.o.AllowSeedExport {
		return nil
	}
	return newProblem(http.StatusForbidden, "seeds_refused",
		"seeds cannot be read: the fleet was started without --allow-seed-export")
}

func (s *server) export(in *exportInput) (func(io.Writer) error, error) {
	if err := s.refuseSeeds(); err != nil {
		return nil, err
	}
	f, err := seedfile.FormatByName(in.Format)
	if err != nil {
		return nil, invalid("query.format", err.Error())
	}
	if in.Token == "" {
		return func(w io.Writer) error { return s.fleet.Export(w, f) }, nil
	}
	m, err := s.fleet.Find(in.Token)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return m.Export(w, f) }, nil
}

// qr adds the operation that answers with a QR code.
func (s *server) qr() {
	op := operation(http.MethodGet, "/v1/tokens/{token}/qr", "qr", "The token's seed as a QR code (otpauth URI); only with --allow-seed-export")
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"image/svg+xml": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(s.api, op, func(_ context.Context, in *ByToken) (*fileOutput, error) {
		picture, err := s.qrOf(in.Token)
		if err != nil {
			return nil, fault(err)
		}
		return &fileOutput{"image/svg+xml", picture}, nil
	})
}

// qrOf returns the QR code of a token's seed as an SVG.
func (s *server) qrOf(name string) ([]byte, error) {
	if err := s.refuseSeeds(); err != nil {
		return nil, err
	}
	m, err := s.fleet.Find(name)
	if err != nil {
		return nil, err
	}
	uri, err := m.OTPAuthURI()
	if err != nil {
		return nil, err
	}
	modules, err := barcode.QR(uri)
	if err != nil {
		return nil, err
	}
	out := fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" width="%[2]d" height="%[2]d" shape-rendering="crispEdges">`+
		`<rect width="%[1]d" height="%[1]d" fill="#ffffff"/><path fill="#000000" d="`, len(modules), 8*len(modules))
	for y, row := range modules {
		for x, dark := range row {
			if dark {
				out = fmt.Appendf(out, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	return append(out, `"/></svg>`+"\n"...), nil
}

// addFile adds an operation that answers with a file, which is written as it is made.
func addFile[I any](s *server, path, id, summary string, open func(*I) (func(io.Writer) error, error)) {
	op := operation(http.MethodGet, path, id, summary)
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
	huma.Register(s.api, op, func(_ context.Context, in *I) (*huma.StreamResponse, error) {
		write, err := open(in)
		if err != nil {
			return nil, fault(err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { sendFile(ctx, write) }}, nil
	})
}

// sendFile sends a file as it is written. An error before the first byte becomes a
// problem document. A later one cuts the answer off: the client sees that it is
// incomplete.
func sendFile(ctx huma.Context, write func(io.Writer) error) {
	w := &lateWriter{ctx: ctx}
	buffered := bufio.NewWriterSize(w, 64<<10)
	err := write(buffered)
	switch {
	case err == nil:
		_ = buffered.Flush() // a client that does not read its answer is gone
	case w.began:
		panic(http.ErrAbortHandler)
	default:
		var p *problem
		if !errors.As(fault(err), &p) {
			p = newProblem(http.StatusInternalServerError, "internal", err.Error())
		}
		respond(ctx, p)
	}
}

// lateWriter is the body of an answer whose header is sent with the first bytes.
type lateWriter struct {
	ctx   huma.Context
	began bool
}

func (w *lateWriter) Write(b []byte) (int, error) {
	if !w.began {
		w.began = true
		w.ctx.SetHeader("Content-Type", "application/octet-stream")
	}
	return w.ctx.BodyWriter().Write(b)
}

// realTimeout limits how long an answer may wait by the machine's clock.
func realTimeout(ctx context.Context, text string, usual time.Duration) (context.Context, context.CancelFunc, error) {
	d := usual
	if text != "" {
		var err error
		if d, err = period("query.real_timeout", text, 0, 24*time.Hour); err != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, nil
}
