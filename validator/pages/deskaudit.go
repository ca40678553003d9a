// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// noticesData is a part of the list of notices.
type noticesData struct {
	list[bank.Notice]
	Status   string // the selected status; "" means all
	Statuses []string
}

// noticeStatuses are the statuses that the list can be filtered by.
var noticeStatuses = []bank.NoticeStatus{
	bank.NoticeDue, bank.NoticeSending, bank.NoticeSent, bank.NoticeFailed, bank.NoticeDoubtful,
}

func (c *call) noticesPage() error {
	d := noticesData{Status: c.r.URL.Query().Get("status")}
	var only *bank.NoticeStatus
	for _, s := range noticeStatuses {
		d.Statuses = append(d.Statuses, s.String())
		if d.Status == s.String() {
			only = &s
		}
	}
	if only == nil {
		d.Status = ""
	}
	var err error
	d.list, err = readPart(c, afterMark, func(p bank.Page) ([]bank.Notice, string, error) {
		return c.bank.Notices(c.r.Context(), c.by, only, p)
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "notices", "notices.title", d)
}

func (c *call) resend() error {
	n, err := c.bank.Resend(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	c.setFlash("good", newMsg("notices.resent", n.Serial.String()))
	return c.saveAndRedirect("/notices")
}

// auditData is a part of the audit log with its filter.
type auditData struct {
	list[bank.Record]
	Fields []*field
	Report *bank.AuditReport // result of verifying the chains; nil if not requested
}

// auditFields returns the fields of the filter.
func auditFields() []*field {
	var all []*field
	for _, f := range []struct{ name, kind string }{
		{"user", "id"}, {"clerk", "id"}, {"contract", "id"}, {"serial", "serial"}, {"act", "select"}, {"rule", "rule"},
		{"from", "day"}, {"to", "day"},
	} {
		one := &field{Name: f.name, Label: "audit." + f.name, Kind: f.kind, Max: 64, Auto: "off", Optional: true}
		if f.kind == "select" {
			one.Options = actOptions()
		}
		all = append(all, one)
	}
	return all
}

func (c *call) auditPage() error { return c.audit(nil) }

func (c *call) audit(report *bank.AuditReport) error {
	d := auditData{Fields: auditFields(), Report: report}
	q := c.r.URL.Query()
	v := map[string]string{}
	bad := false
	for _, f := range d.Fields {
		v[f.Name] = f.read(q)
		bad = bad || f.Error != ""
	}
	if bad {
		return c.show(http.StatusUnprocessableEntity, "audit", "audit.title", d)
	}
	from, to := dayStart(v["from"], 0), dayStart(v["to"], 24*time.Hour)
	filter := bank.AuditFilter{
		User: v["user"], Clerk: v["clerk"], Contract: v["contract"], Serial: v["serial"], Act: v["act"], Rule: v["rule"],
		From: from, To: to,
	}
	var err error
	d.list, err = readPart(c, afterMark, func(p bank.Page) ([]bank.Record, string, error) {
		filter.Page = p
		return c.bank.Audit(c.r.Context(), c.by, filter)
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "audit", "audit.title", d)
}

// dayStart returns the instant at which a day begins in Japan, plus more. Without a
// day it returns 0.
func dayStart(day string, more time.Duration) token.UnixSeconds {
	t, err := time.ParseInLocation(time.DateOnly, day, token.Tokyo())
	if err != nil { // the field is empty; its check has rejected anything else
		return 0
	}
	return token.UnixSecondsOf(t.Add(more))
}

// auditVerify verifies the hash chains and shows the result above the list. It changes
// nothing and therefore needs no redirect.
func (c *call) auditVerify() error {
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(importTime)) // a long log takes a long time
	report, err := c.bank.VerifyAudit(c.r.Context(), "", nil)
	if err != nil {
		return err
	}
	return c.audit(&report)
}
