// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/store"
)

// ofCodes has the reasons in records about a code that was checked.
var ofCodes = map[string]bool{}

// acts has the operations that may require a code.
var acts = map[string]bool{}

func init() {
	for _, r := range validator.Reasons() {
		if r.OfCode() {
			ofCodes[r.String()] = true
		}
	}
	for _, op := range validator.Operations() {
		acts[op.String()] = true
	}
}

// fronts are the names of the channels in audit records.
var fronts = []string{bank.FrontHTTP, bank.FrontPage, bank.FrontRADIUS, bank.FrontCommand}

// mustWait is the result of a login that has to wait.
var mustWait = validator.ReasonMustWait.String()

// begin shows events that have not happened yet as 0.
func (m *Metrics) begin() {
	for _, front := range fronts {
		m.suspensions.WithLabelValues(front)
		m.unlocks.WithLabelValues(front)
		m.imports.WithLabelValues(front)
		for reason := range ofCodes {
			m.codes.WithLabelValues(front, reason)
		}
		for _, result := range []string{"done", "refused", mustWait} {
			m.logins.WithLabelValues(front, result)
		}
	}
	for _, kind := range store.Operations() {
		m.database.WithLabelValues(string(kind))
	}
	for result := range notices(bank.DailyReport{}) {
		m.notices.WithLabelValues(result)
	}
	m.runs.WithLabelValues("done")
	m.runs.WithLabelValues("failed")
}

// Observer returns an observer that counts the events of a bank once they are on disk.
func (m *Metrics) Observer() bank.Observer {
	return bank.Observer{
		Recorded:  m.recorded,
		Suspended: func(by bank.By, _ token.Serial, _ string) { m.suspensions.WithLabelValues(by.Front).Inc() },
		Unlocked:  func(by bank.By, _ token.Serial, _ string) { m.unlocks.WithLabelValues(by.Front).Inc() },
		Imported: func(by bank.By, r bank.ImportReport) {
			m.imports.WithLabelValues(by.Front).Inc()
			m.importedTokens.Add(float64(r.Tokens))
		},
		Took: func(kind store.Operation, took time.Duration) {
			m.database.WithLabelValues(string(kind)).Observe(took.Seconds())
		},
	}
}

// recorded counts codes and logins, which leave one record each.
func (m *Metrics) recorded(r bank.Record) {
	switch {
	case acts[r.Act] && ofCodes[r.Reason]:
		m.codes.WithLabelValues(r.Channel, r.Reason).Inc()
	case r.Act == validator.ActLogIn.String():
		result := "done"
		switch {
		case r.Reason == mustWait:
			result = r.Reason
		case !r.Done:
			result = "refused"
		}
		m.logins.WithLabelValues(r.Channel, result).Inc()
	}
}
