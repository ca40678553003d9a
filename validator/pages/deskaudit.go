// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// noticesData is a list of notices.
type noticesData struct {
	list[bank.Notice]
	Status   string // chosen; "" is all
	Statuses []string
}

// noticeStatuses are the choices of the list.
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
	var after string
	var err error
	if d.Lines, after, err = c.bank.Notices(c.r.Context(), c.by, only, c.page()); err != nil {
		return err
	}
	d.Next = c.next(after)
	return c.show(http.StatusOK, "notices", "notices.title", d)
}

func (c *call) resend() error {
	n, err := c.bank.Resend(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	c.say("good", say("notices.resent", n.Serial.String()))
	return c.leave("/notices")
}

// auditData is a list of records, and what they are chosen by.
type auditData struct {
	list[bank.Record]
	Fields []*field
	Report *bank.AuditReport // of checking the chains; nil: not asked
}

// auditFields are what records are chosen by.
func auditFields() []*field {
	var all []*field
	for _, name := range []string{"user", "clerk", "contract", "serial", "act", "rule", "from", "to"} {
		f := optional(textField(name, 64))
		f.Label = "audit." + name
		if name == "act" {
			f.Kind, f.Options = "select", actOptions()
		}
		all = append(all, f)
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
		v[f.Name] = f.take(q)
		bad = bad || f.Error != ""
	}
	from, err := dayStart(v["from"], 0)
	if err != nil {
		d.Fields[6].Error, bad = "problem.date", true
	}
	to, err := dayStart(v["to"], 24*time.Hour)
	if err != nil {
		d.Fields[7].Error, bad = "problem.date", true
	}
	if bad {
		return c.show(http.StatusUnprocessableEntity, "audit", "audit.title", d)
	}
	filter := bank.AuditFilter{
		User: v["user"], Clerk: v["clerk"], Contract: v["contract"], Serial: v["serial"], Act: v["act"], Rule: v["rule"],
		From: from, To: to, Page: c.page(),
	}
	var after string
	if d.Lines, after, err = c.bank.Audit(c.r.Context(), c.by, filter); err != nil {
		return err
	}
	d.Next = c.next(after)
	return c.show(http.StatusOK, "audit", "audit.title", d)
}

// dayStart returns the instant at which a day begins in Japan, and that much more;
// 0 for no day.
func dayStart(s string, more time.Duration) (token.UnixSeconds, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, token.Tokyo())
	if err != nil {
		return 0, err
	}
	return token.UnixSecondsOf(t.Add(more)), nil
}

// auditVerify checks the hash chains and shows what came of it above the list.
// Nothing is changed by it, so that it needs no redirect.
func (c *call) auditVerify() error {
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(importTime)) // a long log takes long
	report, err := c.bank.VerifyAudit(c.r.Context(), "", nil)
	if err != nil {
		return err
	}
	return c.audit(&report)
}
