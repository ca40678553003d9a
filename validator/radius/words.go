// SPDX-License-Identifier: Apache-2.0

package radius

import "github.com/d204ef64/fob/validator/bank"

// phrase is a text for the user in a Reply-Message.
type phrase uint8

const (
	sayRefused phrase = iota
	sayNext           // a challenge: the next code
	sayAfter          // a challenge: the code after those that corrected the clock
	sayLimited
	phrases
)

// phraseTexts has the texts, at most 253 bytes of UTF-8 each. Clients print a challenge
// as a prompt.
var phraseTexts = map[bank.Language]*[phrases]string{
	bank.English: {
		sayRefused: "The one-time password was refused.",
		sayNext:    "Wait until your token shows its next code, then enter that: ",
		sayAfter:   "The clock of your token was corrected. Enter the code after that one to log in: ",
		sayLimited: "Too many wrong one-time passwords. Try again later.",
	},
	bank.Japanese: {
		sayRefused: "ワンタイムパスワードを確認できませんでした。",
		sayNext:    "トークンに次のワンタイムパスワードが表示されるのを待って、入力してください: ",
		sayAfter:   "トークンの時刻を補正しました。その次のワンタイムパスワードを入力してください: ",
		sayLimited: "ワンタイムパスワードの誤りが多すぎます。しばらくしてからお試しください。",
	},
}
