// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"github.com/danielgtaylor/huma/v2"
)

// examples are the example values of the description. The key is the name of a field,
// or "Schema.name" if the name has several meanings. A field with a list of allowed
// values uses the first of them. All examples belong to one story: a contract with two
// users who share a token.
var examples = map[string]any{
	"ContractView.id": "C-1001", "NewContractInputBody.id": "C-1001", "contract": "C-1001",
	"ContractFields.name": "Example K.K.", "ContractView.name": "Example K.K.", "NewContractInputBody.name": "Example K.K.",
	"address": "1-1 Marunouchi, Chiyoda-ku, Tokyo 100-0005", "email": "it@example.com", "had_free": true, "language": "ja", "cause": "additional", "condition": "in use",

	"UserView.id": "alice", "NewUserInputBody.id": "alice", "user": "alice", "users": []any{"alice", "bob"},
	"UserView.name": "Alice Example", "NewUserInputBody.name": "Alice Example", "UserChangeInputBody.name": "Alice Example",
	"UserView.role": "master", "NewUserInputBody.role": "user", "UserChangeInputBody.role": "admin", "locked": false,
	"NewClerkInputBody.id": "tanaka", "NewClerkInputBody.name": "Tanaka Ichiro", "clerk": "tanaka", "by": "tanaka",
	"password": "an example password", "PasswordInputBody.old": "an example password",
	"PasswordInputBody.new": "another example password",

	"serial": "2600124800001", "serials": []any{"2600124800001", "2600124800002"}, "token": "2600124800001",
	"OrderView.old": "2600124800001", "OrderInputBody.old": "2600124800001", "OrderView.new": "2600124800002",
	"manufacturer": "Example Tokens", "model": "button-6", "algorithm": "SHA1", "digits": 6,
	"start": "2026-12-01T00:00:00Z", "expiry": "2031-11-30", "imported": "2026-11-24T01:02:03Z",
	"activated": "2026-12-01T02:30:00Z", "revoked_at": "2027-05-10T04:00:00Z", "noticed": "2031-10-29T15:00:00Z",
	"wrong_entries": 0, "offset_steps": -1, "suspended": false,
	"lift_way": "on screen", "lift_rule": "BK-08", "notice_on": "2031-10-30",

	"code": "287082", "first": "287082", "second": "359152", "done": true, "activate_needs_otp": true,
	"rule": "BK-02", "reason": "accepted", "receipt": "01941f29-7c00-7000-8000-000000000001",

	"OrderView.id": "01941f29-7c00-7000-8000-000000000002", "order": "01941f29-7c00-7000-8000-000000000002",
	"returned": false, "fee_yen": 2200, "applied": "2026-12-01", "from": "2026-12-08", "OrderView.to": "2026-12-11",

	"NoticeView.id": "01941f29-7c00-7000-8000-000000000003", "NoticeView.to": "it@example.com",
	"NoticeView.made": "2031-10-29T15:00:00Z", "NoticeView.sent": "2031-10-29T15:00:02Z", "tries": 1,
	"problem":        "451 4.3.0 try again later",
	"DailyView.made": 3, "DailyView.sent": 2, "DailyView.later": 1, "DailyView.failed": 0, "DailyView.doubtful": 0,

	"TransactionView.id": "01941f29-7c00-7000-8000-000000000001", "operation": "transfer", "details": map[string]any{"amount": "150000"},
	"TransactionView.at": "2026-12-01T02:35:00Z",
	"OperationView.name": "transfer", "OperationView.path": "/v1/transactions", "words": "Transfer", "needs_otp": true,

	"KeyView.id": "01941f29-7c00-7000-8000-000000000004", "KeyView.name": "web front end", "NewKeyInputBody.name": "web front end",
	"KeyView.role": "check", "NewKeyInputBody.role": "check", "KeyView.secret": "fobk_…", "SessionView.secret": "fobs_…",
	"created": "2026-11-24T01:00:00Z", "ended": "2027-11-24T01:00:00Z",
	"started": "2026-12-01T02:29:00Z", "ends": "2026-12-01T10:29:00Z",

	"RecordView.chain": 1, "RecordView.seq": 42, "RecordView.at": "2026-12-01T02:30:00Z", "act": "transfer",
	"front": "http", "source": "192.0.2.1", "note": "",
	"records": 42, "whole": true, "faults": []any{"chain 1, record 7: the record was changed"},
	"heads": "1:42:q83vEjRWeJq83vEjRWeJqw", "since": "1:40:q83vEjRWeJq83vEjRWeJqg",

	"format": "pskc", "tokens": 100, "warnings": []any{"tokens imported with an expiry date that is one day earlier in UTC: 1, the first is 2600124800001 " +
		"(2031-12-01 in Japan, 2031-11-30 in UTC): compare the date with the back label, and choose the time zone when you import such files"},

	"now": "2026-12-01T02:30:00Z", "unix": 1796092200, "advance_seconds": 60,
	"wrong_limit": 5, "window_steps": 1, "second_band_steps": 10, "resync_reach_steps": 720,
	"learn_every_seconds": 1296000, "reactivate_after_seconds": 0, "life_years": 5, "notice_months": 1,
	"expiry_zone": "japan", "activation_limit": 5, "activation_lock_seconds": 86400, "self_lift": false, "users_see_tokens": false,
	"activation_locked": false, "unlock_activation": true,
	"delivery_from_days": 7, "delivery_to_days": 10, "lift_needs_otp": true, "count_malformed": false, "count_replayed": false,

	"next": "2600124800001", "location": "body.serial", "message": "expected a serial number",
}

// addExamples gives each field of the description an example. It returns the fields
// that have none.
func addExamples(schemas map[string]*huma.Schema) (missing []string) {
	for name, schema := range schemas {
		for field, s := range schema.Properties {
			if len(s.Examples) > 0 || s.Ref != "" || s.Items != nil && s.Items.Ref != "" {
				continue
			}
			example, known := examples[name+"."+field]
			if !known {
				example, known = examples[field]
			}
			if !known && len(s.Enum) > 0 {
				example, known = s.Enum[0], true
			}
			if !known {
				missing = append(missing, name+"."+field)
				continue
			}
			s.Examples = []any{example}
		}
	}
	return missing
}
