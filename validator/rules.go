// SPDX-License-Identifier: Apache-2.0

package validator

import "fmt"

// Rule is the number of a rule of the bank, 1 to 20. Zero is no rule.
type Rule uint8

// The rules, each with the question of the bank's Q&A that it reads.
const (
	BK01 Rule = iota + 1 // Q1: the code changes every 60 seconds
	BK02                 // Q1, Q2: a code is accepted once
	BK03                 // Q2: a code is useless when its time has passed
	BK04                 // Q3: what needs a code
	BK05                 // Q4: N wrong entries suspend
	BK06                 // Q4: they suspend the token, for all who share it
	BK07                 // Q4: one token: lifted on paper
	BK08                 // Q4: lifted by a master or admin on another token
	BK09                 // Q5: hardware and software, of which hardware is given out
	BK10                 // Q6: loss, theft, fault
	BK11                 // Q7: additional tokens
	BK12                 // Q8: sharing
	BK13                 // Q9: notice and replacement
	BK14                 // Q9: expiry
	BK15                 // Q10: whose own token is out of use neither revokes nor lifts
	BK16                 // Q10: revocation, one user
	BK17                 // Q10: revocation, one token for all
	BK18                 // Q10: revocation, different tokens
	BK19                 // Q11: the first token is free
	BK20                 // every decision is on record
)

// LastRule is the highest number of a rule.
const LastRule = BK20

// ruleWords has what each rule reads: questions, and words copied from the
// answers without a change, so that both can be held side by side.
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

// String returns the number as the bank writes it, "BK-01" to "BK-20", and
// "Rule(0)" for no rule.
func (r Rule) String() string {
	if !r.Valid() {
		return fmt.Sprintf("Rule(%d)", uint8(r))
	}
	return string([]byte{'B', 'K', '-', '0' + byte(r)/10, '0' + byte(r)%10}) // for each audit record
}

// Valid reports whether r is one of the rules.
func (r Rule) Valid() bool { return r >= BK01 && r <= LastRule }

// Questions returns the numbers of the questions that the rule reads, 1 to 11;
// none for BK-20, which is the project's own, and for no rule.
func (r Rule) Questions() []int {
	if !r.Valid() {
		return nil
	}
	return append([]int(nil), ruleWords[r].questions...)
}

// Words returns the Japanese words that the rule turns on, as they stand in the
// answer; "" for BK-20 and for no rule.
func (r Rule) Words() string {
	if !r.Valid() {
		return ""
	}
	return ruleWords[r].words
}
