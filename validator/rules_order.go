// SPDX-License-Identifier: Apache-2.0

package validator

import (
	"slices"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// Kind is a kind of token (BK-09, Q5).
type Kind uint8

// The kinds.
const (
	Hardware Kind = iota // ハードウェアトークン(専用機器)
	Software             // ソフトウェアトークン(専用アプリ)
)

// String returns "hardware" or "software".
func (k Kind) String() string { return name("Kind", []string{"hardware", "software"}, k) }

// Offers returns whether the bank issues tokens of a kind (BK-09, Q5:
// "ハードウェアトークンを提供しています"). It issues hardware only.
func Offers(k Kind) Verdict {
	if k == Hardware {
		return Verdict{OnPaper, BK09, ReasonAllowed}
	}
	return Verdict{NoWay, BK09, ReasonNotOffered}
}

// Cause is the reason for issuing a token.
type Cause uint8

// The causes.
const (
	CauseFirst      Cause = iota // the first token of the contract
	CauseAdditional              // 追加発行
	CauseLoss                    // 紛失
	CauseTheft                   // 盗難
	CauseDamage                  // broken through the user
	CauseFault                   // 故障: it failed by itself
	CauseExpiry                  // replacement at the expiry date
)

// String returns "first", "additional", "loss", "theft", "damage", "fault" or
// "expiry".
func (c Cause) String() string {
	return name("Cause", []string{"first", "additional", "loss", "theft", "damage", "fault", "expiry"}, c)
}

// fees determines which causes incur the fee, and how a token is applied for. Q6 names
// loss, theft and fault together, and exempts a fault ("機器の故障によるもの") if the
// token is returned. It does not name damage, which is not a fault of the token. The
// replacement at expiry is sent without an application (Q9), and Q11 charges only for
// reissued and additional tokens.
var fees = [...]struct {
	free     bool
	returned bool // free if the old token is returned
	way      Way
	rule     Rule
	old      Condition // status of the replaced token; NotThere: no token is replaced
}{
	CauseFirst:      {free: true, way: OnPaper, rule: BK19},
	CauseAdditional: {way: OnPaper, rule: BK11},
	CauseLoss:       {way: OnPaper, rule: BK10, old: Lost},
	CauseTheft:      {way: OnPaper, rule: BK10, old: Lost},
	CauseDamage:     {way: OnPaper, rule: BK10, old: Broken},
	CauseFault:      {returned: true, way: OnPaper, rule: BK10, old: Broken},
	CauseExpiry:     {free: true, way: NoWay, rule: BK13},
}

// ParseCause returns the cause with the given name. For any other text it returns
// [CauseFirst]: each contract has one token free of charge (Q11), and [Fee] charges a
// second first token as an additional one.
func ParseCause(text string) Cause {
	for c := range Cause(len(fees)) {
		if c.String() == text {
			return c
		}
	}
	return CauseFirst
}

// OrderCauses returns the causes for which a customer applies for a token.
func OrderCauses() []Cause {
	return slices.DeleteFunc(values(CauseFirst, len(fees)), func(c Cause) bool { return fees[c].way != OnPaper })
}

// OldToken returns the status of the token that an order for the cause replaces, [Lost]
// or [Broken], or [NotThere] if the order does not name a token to replace.
func (c Cause) OldToken() Condition {
	if int(c) >= len(fees) {
		return NotThere
	}
	return fees[c].old
}

// Order is an order for one token.
type Order struct {
	Cause    Cause
	Returned bool // the old token is returned
	HasToken bool // the contract has already had its free token
}

// Fee returns the price of a token, including tax, and the rule that sets it (BK-10,
// BK-11, BK-19). A first token is charged as an additional one if the contract has
// already had its first ("1契約につき1つ無料"). An unknown cause costs the fee.
func Fee(s Settings, o Order) (Yen, Rule) {
	if o.Cause == CauseFirst && o.HasToken {
		o.Cause = CauseAdditional
	}
	if int(o.Cause) >= len(fees) {
		return s.Fee, BK19
	}
	f := fees[o.Cause]
	if f.free || f.returned && o.Returned {
		return 0, f.rule
	}
	return s.Fee, f.rule
}

// OrderWay returns how a token is applied for: on paper (Q6, Q7). The replacement at
// expiry is sent automatically, without an application.
func OrderWay(c Cause) (Way, Rule) {
	if int(c) >= len(fees) {
		return NoWay, BK11
	}
	return fees[c].way, fees[c].rule
}

// ErrAddress is returned for a delivery address other than the contract's.
var ErrAddress = errclass.New(errclass.Refused, "tokens are sent to the contract's registered address only")

// ShipTo returns the address to which a token is posted (BK-11, Q7: "郵送先を
// 個別でご指定いただくことはできません"): the registered address. It returns [ErrAddress]
// if asked is another address; "" requests none.
func ShipTo(registered, asked string) (string, error) {
	if asked != "" && asked != registered {
		return "", ErrAddress
	}
	return registered, nil
}

// Delivery returns the days between which a token that was applied for on a day is
// expected to arrive (BK-11, Q7: "7日〜10日前後"). Days are calendar days, and the
// dates are estimates.
func Delivery(s Settings, applied token.Expiry) (from, to token.Expiry) {
	return addDays(applied, s.DeliveryFrom), addDays(applied, s.DeliveryTo)
}
