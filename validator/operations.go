// SPDX-License-Identifier: Apache-2.0

package validator

// Operation is an operation that a user performs at the bank. Zero is none.
type Operation uint8

// The operations. Q3 lists those before [OpBalance].
const (
	OpNone           Operation = iota
	OpTransfer                 // to a payee entered for each transfer
	OpPayEasy                  // except OpPayEasyTax
	OpUserAdd                  //
	OpUserChange               //
	OpRevoke                   // of a token
	OpPayeeRegister            // register an account as a payee
	OpBulkApprove              // bulk transfer
	OpPayrollApprove           // salaries and bonuses
	OpBulkPayee                // payee of bulk transfers and payroll
	OpFileSend                 // external file

	OpBalance       // this and the following are not listed in Q3
	OpHistory       //
	OpTransferKnown // to a registered payee
	OpPayEasyTax    // taxes and public money, which Q3 excludes
	OpUnlock        // unlock a token: Settings.UnlockNeedsOTP
	OpActivate      // register a token: Settings.ActivateNeedsOTP
	OpResync        // correct a token's clock; it uses codes of its own
	OpCheck         // check a code for another system
)

const (
	firstOp = OpTransfer
	lastOp  = OpCheck
	opCount = int(lastOp) + 1
)

// Lines of Q3 that list more than one operation.
const (
	wordsAdmin       = "管理業務(ユーザの追加・変更、トークンの失効)"
	wordsBulkApprove = "総合振込・給与(賞与)振込の承認、振込先口座情報登録、外部ファイル送信"
	wordsNotOfQ3     = ""
)

// operations is the list of BK-04: which operations need a code, and the words of Q3
// that require it. Other operations do not need one, because the list is introduced by
// "次の取引時".
var operations = [opCount]struct {
	name  string
	otp   bool
	words string
}{
	OpNone:           {"none", false, wordsNotOfQ3},
	OpTransfer:       {"transfer", true, "振込・振替(都度指定方式)"},
	OpPayEasy:        {"pay-easy", true, "諸納付受付サービス(Pay-easy)(税金・国庫金等を除く)"},
	OpUserAdd:        {"add user", true, wordsAdmin},
	OpUserChange:     {"change user", true, wordsAdmin},
	OpRevoke:         {"revoke token", true, wordsAdmin},
	OpPayeeRegister:  {"register payee", true, "振込・振替先の管理(振込先口座情報登録)"},
	OpBulkApprove:    {"approve bulk transfer", true, wordsBulkApprove},
	OpPayrollApprove: {"approve payroll", true, wordsBulkApprove},
	OpBulkPayee:      {"register bulk payee", true, wordsBulkApprove},
	OpFileSend:       {"send file", true, wordsBulkApprove},
	OpBalance:        {"balance", false, wordsNotOfQ3},
	OpHistory:        {"history", false, wordsNotOfQ3},
	OpTransferKnown:  {"transfer to registered payee", false, wordsNotOfQ3},
	OpPayEasyTax:     {"pay-easy tax", false, "税金・国庫金等を除く"},
	OpUnlock:         {"lift suspension", false, wordsNotOfQ3},
	OpActivate:       {"activate token", false, wordsNotOfQ3},
	OpResync:         {"resync token", false, wordsNotOfQ3},
	OpCheck:          {"check code", true, wordsNotOfQ3},
}

// Operations returns all operations. The operations of Q3 come first.
func Operations() []Operation { return values(firstOp, opCount) }

// String returns a few words in lower case, for example "add user".
func (op Operation) String() string {
	if int(op) < opCount {
		return operations[op].name
	}
	return name("Operation", nil, op)
}

// Words returns the line of Q3 that includes or excludes the operation, or "" if Q3
// does not mention it.
func (op Operation) Words() string {
	if int(op) >= opCount {
		return ""
	}
	return operations[op].words
}
