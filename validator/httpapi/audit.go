// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

type auditInput struct {
	User     string    `query:"user" maxLength:"64"`
	Clerk    string    `query:"clerk" maxLength:"64"`
	Contract string    `query:"contract" maxLength:"32"`
	Serial   string    `query:"serial" maxLength:"64"`
	Act      string    `query:"act" maxLength:"64" doc:"name of the act, for example transfer"`
	Rule     string    `query:"rule" maxLength:"8" doc:"rule ID, for example BK-05"`
	From     time.Time `query:"from"`
	To       time.Time `query:"to"`
	Paging
}

type recordView struct {
	Chain    int64  `json:"chain" doc:"number of its hash chain"`
	Seq      int64  `json:"seq" doc:"position in the chain, from 1"`
	At       string `json:"at" format:"date-time"`
	User     string `json:"user,omitempty"`
	Clerk    string `json:"clerk,omitempty"`
	Contract string `json:"contract,omitempty"`
	Act      string `json:"act"`
	Serial   string `json:"serial,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Done     bool   `json:"done"`
	Channel  string `json:"front,omitempty"`
	Source   string `json:"source,omitempty"`
	Note     string `json:"note,omitempty"`
}

func viewRecord(r bank.Record) recordView {
	return recordView{
		Chain: r.Chain, Seq: r.Seq, At: instant(r.At), User: r.User, Clerk: r.Clerk, Contract: r.Contract, Act: r.Act,
		Serial: r.Serial, Rule: r.Rule, Reason: r.Reason, Done: r.Done, Channel: r.Channel, Source: r.Source, Note: r.Note,
	}
}

type verifyInput struct {
	Body *struct {
		Since string `json:"since,omitempty" maxLength:"16000" pattern:"^([0-9]+:[0-9]+:[0-9A-Za-z_-]+(,[0-9]+:[0-9]+:[0-9A-Za-z_-]+)*)?$" patternDescription:"the form of heads" doc:"heads of an earlier verification"`
	}
}

type verifyView struct {
	Whole   bool     `json:"whole" doc:"the log is intact; with since, no record was removed from its end either"`
	Records int64    `json:"records"`
	Heads   string   `json:"heads" doc:"the checkpoint: the heads of all chains. Store it elsewhere, and send it as since later"`
	Faults  []string `json:"faults" nullable:"false" doc:"the places where the log was changed"`
}

// seconds converts an instant of a filter. The zero time becomes 0, which means no
// limit.
func seconds(t time.Time) token.UnixSeconds {
	if t.IsZero() {
		return 0
	}
	return token.UnixSeconds(t.Unix())
}

func (s *server) audit() {
	const who = auditRole | clerkRole
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/audit", id: "listAudit", role: who,
		summary: "List the audit log, newest first (BK-20)",
	}, func(ctx context.Context, req *request, in *auditInput) (*body[listOf[recordView]], error) {
		return pageOf(viewRecord)(s.bank.Audit(ctx, req.by(), bank.AuditFilter{
			User: in.User, Clerk: in.Clerk, Contract: in.Contract, Serial: in.Serial, Act: in.Act, Rule: in.Rule,
			From: seconds(in.From), To: seconds(in.To), Page: bank.Page{After: in.After, Limit: in.Limit},
		}))
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/audit/verification", id: "verifyAudit", role: who, heavy: true,
		summary: "Verify the hash chains of the audit log",
	}, func(ctx context.Context, req *request, in *verifyInput) (*body[verifyView], error) {
		since := ""
		if in.Body != nil {
			since = in.Body.Since
		}
		r, err := s.bank.VerifyAudit(ctx, since, nil)
		if err != nil {
			return nil, err
		}
		v := verifyView{Whole: len(r.Faults) == 0, Records: r.Records, Heads: r.Checkpoint, Faults: r.Faults}
		if v.Faults == nil {
			v.Faults = []string{}
		}
		return &body[verifyView]{v}, nil
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/audit/export", id: "exportAudit", role: who, heavy: true,
		summary: "Export the whole audit log, one JSON object per line",
		more:    "If the transfer breaks off, the export is incomplete.",
		change: func(op *huma.Operation) {
			op.Responses = map[string]*huma.Response{"200": {
				Description: "OK",
				Content:     map[string]*huma.MediaType{"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString}}},
			}}
		},
	}, func(ctx context.Context, req *request, _ *nothing) (*stream, error) {
		out := &exportWriter{w: req.w}
		err := s.bank.ExportAudit(ctx, req.by(), out)
		if err != nil && !out.begun {
			return nil, err
		}
		if err != nil {
			req.err = err
			panic(http.ErrAbortHandler)
		}
		out.begin()
		return &stream{Body: func(huma.Context) {}}, nil
	})
}

// stream is an answer whose body the handler has already written.
type stream struct{ Body func(huma.Context) }

// exportWriter sends lines of the log to a client. It sends the header before the first
// line.
type exportWriter struct {
	w     http.ResponseWriter
	begun bool
}

var _ io.Writer = (*exportWriter)(nil)

func (e *exportWriter) begin() {
	if !e.begun {
		e.begun = true
		e.w.Header().Set("Content-Type", "application/x-ndjson")
		e.w.WriteHeader(http.StatusOK)
	}
}

func (e *exportWriter) Write(p []byte) (int, error) {
	e.begin()
	return e.w.Write(p)
}
