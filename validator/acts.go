// SPDX-License-Identifier: Apache-2.0

package validator

// Act is an entry of the audit log other than the operations of users.
type Act uint8

// The acts, in the order in which lists offer them.
const (
	ActLogIn Act = iota
	ActChangePassword
	ActLockActivation // after too many refused activations
	ActUnlockActivation
	ActReport // a loss or breakage, or that the token was found or works after all
	ActOrder
	ActShip
	ActCancelOrder
	ActIssue // without an order
	ActImport
	ActNotice // a notice of an expiry date was created
	ActNoticeSent
	ActNoticeLater
	ActNoticeFailed
	ActNoticeDoubtful
	ActResendNotice
	ActAddContract
	ActChangeContract
	ActAddClerk
	ActChangeClerk
	ActAddKey    // for the API
	ActEndKey    // for the API
	ActRotateKey // data key or master key
	ActBackUp
	ActRestore
	ActCreateBank
)

var actNames = []string{
	"log in", "change password", "lock activation", "unlock activation", "report", "order", "ship",
	"cancel order", "issue", "import", "notice", "notice sent", "notice later", "notice failed",
	"notice doubtful", "resend notice", "add contract", "change contract", "add clerk", "change clerk",
	"add key", "end key", "rotate key", "back up", "restore", "create bank",
}

// Acts returns all acts.
func Acts() []Act { return values[Act](0, len(actNames)) }

// String returns a few words in lower case, for example "cancel order".
func (a Act) String() string { return name("Act", actNames, a) }
