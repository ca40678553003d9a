// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
)

type noticesInput struct {
	Status string `query:"status" enum:"due,sending,sent,failed,doubtful"`
	Paging
}

type noticePath struct {
	Notice string `path:"notice" maxLength:"64"`
}

type noticeView struct {
	ID       string `json:"id" doc:"also part of the e-mail's Message-ID"`
	Serial   string `json:"serial"`
	Contract string `json:"contract"`
	To       string `json:"to"`
	Language string `json:"language"`
	Expiry   string `json:"expiry" format:"date"`
	Order    string `json:"order,omitempty" doc:"ID of the order for the replacement"`
	Status   string `json:"status" enum:"due,sending,sent,failed,doubtful" doc:"doubtful: the server stopped while sending it"`
	Made     string `json:"made" format:"date-time"`
	Sent     string `json:"sent,omitempty" format:"date-time"`
	Tries    int    `json:"tries"`
	Problem  string `json:"problem,omitempty" doc:"last message from the mail server"`
}

func viewNotice(n bank.Notice) noticeView {
	return noticeView{
		ID: n.ID, Serial: n.Serial.String(), Contract: n.Contract, To: n.To, Language: string(n.Language), Expiry: day(n.Expiry),
		Order: n.Order, Status: n.Status.String(), Made: instant(n.Made), Sent: instant(n.Sent), Tries: n.Tries, Problem: n.Problem,
	}
}

type dailyView struct {
	Made     int `json:"made" doc:"notices created, with their orders"`
	Sent     int `json:"sent"`
	Failed   int `json:"failed" doc:"permanently refused by the mail server"`
	Later    int `json:"later" doc:"to be tried again"`
	Doubtful int `json:"doubtful" doc:"a server stopped while sending them"`
}

func (s *server) notices() {
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/notices", id: "listNotices", role: clerkRole,
		summary: "List the expiry notices (BK-13)",
	}, func(ctx context.Context, req *request, in *noticesInput) (*body[listOf[noticeView]], error) {
		var status *bank.NoticeStatus
		if in.Status != "" {
			st := parseName(in.Status, bank.NoticeDue, bank.NoticeSending, bank.NoticeSent, bank.NoticeFailed, bank.NoticeDoubtful)
			status = &st
		}
		return pageOf(viewNotice)(s.bank.Notices(ctx, req.by(), status, bank.Page{After: in.After, Limit: in.Limit}))
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/notices/{notice}/resend", id: "resendNotice", role: clerkRole,
		summary: "Queue a failed or doubtful notice to be sent again",
	}, func(ctx context.Context, req *request, in *noticePath) (*body[noticeView], error) {
		return answerOf(viewNotice)(s.bank.Resend(ctx, req.by(), in.Notice))
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/jobs/daily", id: "runDaily", role: clerkRole, heavy: true,
		summary: "Run the daily job: send notices and order replacements that are due",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[dailyView], error) {
		if s.o.Mailer == nil {
			return nil, problem(http.StatusConflict, "no mail server is configured: start the server with one", "", nil)
		}
		return answerOf(func(r bank.DailyReport) dailyView {
			return dailyView{Made: r.Made, Sent: r.Sent, Failed: r.Failed, Later: r.Later, Doubtful: r.Doubtful}
		})(s.bank.Daily(ctx, s.o.Mailer))
	})
}
