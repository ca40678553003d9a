// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorNoticeCmd(a *app, b *bankFlags) *cobra.Command {
	return group("notice", "Manage expiry notices and run the daily job",
		newNoticeListCmd(a, b), newNoticeResendCmd(a, b), newNoticeRunCmd(a, b))
}

func newNoticeListCmd(a *app, b *bankFlags) *cobra.Command {
	var status string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List expiry notices",
		Example: `  fob validator notice list --status failed`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var only *bank.NoticeStatus
			if status != "" {
				s, err := oneOf("status", status, bank.NoticeDue, bank.NoticeSending, bank.NoticeSent, bank.NoticeFailed, bank.NoticeDoubtful)
				if err != nil {
					return err
				}
				only = &s
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, limit, noticeHead, func(p bank.Page) ([]bank.Notice, string, error) {
					return o.Notices(cmd.Context(), o.by, only, p)
				}, func(n bank.Notice) (any, string) { return noticeResultOf(n), noticeLine(n) })
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only notices with this `STATUS`: due, sending, sent, failed or doubtful")
	limitFlag(cmd.Flags(), &limit)
	return cmd
}

func newNoticeResendCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "resend NOTICE",
		Short:   "Send a failed or doubtful notice again",
		Long:    "Mark a failed or doubtful notice as due: the daily job sends it again.",
		Example: `  fob validator notice resend 01K`,
		Args:    oneArg("the ID of the notice"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				n, err := o.Resend(cmd.Context(), o.by, args[0])
				if err != nil {
					return err
				}
				return a.print(noticeResultOf(n), noticeLine(n)+"\n")
			})
		},
	}
}

type dailyResult struct {
	Made     int `json:"made"`
	Sent     int `json:"sent"`
	Failed   int `json:"failed"`
	Later    int `json:"later"`
	Doubtful int `json:"doubtful"`
}

func newNoticeRunCmd(a *app, b *bankFlags) *cobra.Command {
	var m mailFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daily job now",
		Long: `Run the daily job of fob validator serve now: create notices for tokens that
expire a month from now and orders for their replacements, and send e-mails that
were not sent. A token never gets two notices. Without --smtp or --mail-dir,
notices wait.`,
		Example: `  fob validator notice run --smtp mail.example.com:587 --mail-from bank@example.com
  fob validator notice run --mail-dir mails --mail-from bank@example.com`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				mailer, err := m.mailer(cmd.Context(), a, o.time)
				if err != nil {
					return err
				}
				r, err := o.Daily(cmd.Context(), mailer)
				if err != nil {
					return err
				}
				text := fmt.Sprintf("%d notices created; e-mails: %d sent, %d refused, %d to be retried, %d doubtful\n",
					r.Made, r.Sent, r.Failed, r.Later, r.Doubtful)
				return a.print(dailyResult{r.Made, r.Sent, r.Failed, r.Later, r.Doubtful}, text)
			})
		},
	}
	m.add(cmd.Flags())
	return cmd
}
