// SPDX-License-Identifier: Apache-2.0

package validator

import "fmt"

// Rule is the number of a rule of the bank, 1 to 20. Zero means none.
type Rule uint8

// The rules, each with the question of the bank's Q&A that it interprets.
const (
	BK01 Rule = iota + 1 // Q1: the code changes every 60 seconds
	BK02                 // Q1, Q2: a code is accepted once
	BK03                 // Q2: a code is useless when its time has passed
	BK04                 // Q3: which operations need a code
	BK05                 // Q4: N failed attempts suspend
	BK06                 // Q4: they suspend the token, for all who share it
	BK07                 // Q4: one token: unlocked on paper
	BK08                 // Q4: unlocked by a master or admin who uses another token
	BK09                 // Q5: hardware and software tokens; the bank issues hardware
	BK10                 // Q6: loss, theft, fault
	BK11                 // Q7: additional tokens
	BK12                 // Q8: sharing
	BK13                 // Q9: notice and replacement
	BK14                 // Q9: expiry
	BK15                 // Q10: a user whose own token is out of use may neither revoke nor unlock
	BK16                 // Q10: revocation, one user
	BK17                 // Q10: revocation, one token for all
	BK18                 // Q10: revocation, different tokens
	BK19                 // Q11: the first token is free
	BK20                 // every decision is recorded
)

// LastRule is the highest number of a rule.
const LastRule = BK20

// ruleWords holds the source of each rule: the questions, and words copied unchanged
// from the answers. This allows a direct comparison of both.
var ruleWords = [LastRule + 1]struct {
	questions []int
	words     string
}{
	BK01: {[]int{1}, "60秒毎に変更となる"},
	BK02: {[]int{1, 2}, "一回限り有効な使い捨てパスワード"},
	BK03: {[]int{2}, "盗み見やフィッシングによって万が一、第三者に知られた場合でも、成りすましの被害を防止する"},
	BK04: {[]int{3}, "次の取引時に入力が必要となります。"},
	BK05: {[]int{4}, "ワンタイムパスワードの入力を当行所定の回数誤ると、ワンタイムパスワードの入力が無効となり"},
	BK06: {[]int{4}, "同一ハードウェアトークンを利用している全てのユーザについてワンタイムパスワードの入力が無効となります"},
	BK07: {[]int{4}, "(ハードウェアトークンが1つの場合)"},
	BK08: {[]int{4}, "別のハードウェアトークンを利用しているマスターユーザまたは管理者ユーザが"},
	BK09: {[]int{5}, "ハードウェアトークンを提供しています"},
	BK10: {[]int{6}, "機器の故障によるもので、故障したハードウェアトークンをご返却いただける場合は、再発行手数料は不要です"},
	BK11: {[]int{7}, "ハードウェアトークン1つ毎に2,200円(消費税込)の追加発行手数料が必要となります"},
	BK12: {[]int{8}, "別契約となっているサービスのユーザ間では共有できません"},
	BK13: {[]int{9}, "有効期限の1ヵ月前に電子メールでお知らせのうえ、新しいハードウェアトークンを送付します"},
	BK14: {[]int{9}, "ハードウェアトークン裏面に記載しています"},
	BK15: {[]int{10}, "有効期限切れ・故障・紛失状態において、失効や利用停止の解除を行うことはできません"},
	BK16: {[]int{10}, "【ユーザが1名のみの場合】"},
	BK17: {[]int{10}, "(複数ユーザが1つのハードウェアトークンを共有)"},
	BK18: {[]int{10}, "自らが利用しているハードウェアトークンと異なるハードウェアトークンの失効を行うことが可能です"},
	BK19: {[]int{11}, "1契約につき1つ無料で配付しており"},
	BK20: {},
}

// String returns the number as the bank writes it, "BK-01" to "BK-20", or "Rule(0)" for
// zero.
func (r Rule) String() string {
	if !r.Valid() {
		return fmt.Sprintf("Rule(%d)", uint8(r))
	}
	return string([]byte{'B', 'K', '-', '0' + byte(r)/10, '0' + byte(r)%10}) // no fmt: called for each audit record
}

// Valid reports whether r is one of the rules.
func (r Rule) Valid() bool { return r >= BK01 && r <= LastRule }

// Questions returns the numbers of the questions that the rule interprets, 1 to 11. It
// returns nil for BK-20, which the project added, and for an invalid rule.
func (r Rule) Questions() []int {
	if !r.Valid() {
		return nil
	}
	return append([]int(nil), ruleWords[r].questions...)
}

// Words returns the Japanese words on which the rule is based, as they appear in the
// answer. It returns "" for BK-20 and for an invalid rule.
func (r Rule) Words() string {
	if !r.Valid() {
		return ""
	}
	return ruleWords[r].words
}
