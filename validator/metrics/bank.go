// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// codeReasons has the reasons in records about a code that was checked.
var codeReasons = map[string]bool{}

// codeActs has the operations that may require a code.
var codeActs = map[string]bool{}

func init() {
	for _, r := range validator.Reasons() {
		if r.OfCode() {
			codeReasons[r.String()] = true
		}
	}
	for _, op := range validator.Operations() {
		codeActs[op.String()] = true
	}
}

// channels are the names of the channels in audit records.
var channels = []string{bank.ChannelHTTP, bank.ChannelPage, bank.ChannelRADIUS, bank.ChannelCommand}

// mustWait is the result of a login that has to wait.
var mustWait = validator.ReasonMustWait.String()

// begin shows events that have not happened yet as 0.
func (m *Metrics) begin() {
	for _, channel := range channels {
		m.suspensions.with(channel)
		m.unlocks.with(channel)
		m.imports.with(channel)
		for reason := range codeReasons {
			m.codes.with(channel, reason)
		}
		for _, result := range []string{"done", "refused", mustWait} {
			m.logins.with(channel, result)
		}
	}
	for _, kind := range sqldb.Operations() {
		m.database.with(string(kind))
	}
	for result := range notices(bank.DailyReport{}) {
		m.notices.with(result)
	}
	m.runs.with("done")
	m.runs.with("failed")
}

// Observer returns an observer that counts the events of a bank once they are on disk.
func (m *Metrics) Observer() bank.Observer {
	return bank.Observer{
		Recorded:  m.recorded,
		Suspended: func(by bank.By, _ token.Serial, _ string) { m.suspensions.with(by.Channel).Inc() },
		Unlocked:  func(by bank.By, _ token.Serial, _ string) { m.unlocks.with(by.Channel).Inc() },
		Imported: func(by bank.By, r bank.ImportReport) {
			m.imports.with(by.Channel).Inc()
			m.importedTokens.with().Add(r.Tokens)
		},
		Took: func(kind sqldb.Operation, took time.Duration) {
			m.database.with(string(kind)).Update(took.Seconds())
		},
	}
}

// recorded counts codes and logins, which leave one record each.
func (m *Metrics) recorded(r bank.Record) {
	switch {
	case codeActs[r.Act] && codeReasons[r.Reason]:
		m.codes.with(r.Channel, r.Reason).Inc()
	case r.Act == validator.ActLogIn.String():
		result := "done"
		switch {
		case r.Reason == mustWait:
			result = r.Reason
		case !r.Done:
			result = "refused"
		}
		m.logins.with(r.Channel, result).Inc()
	}
}
