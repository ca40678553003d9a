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

// Offers says whether the bank gives out tokens of a kind (BK-09, Q5:
// "ハードウェアトークンを提供しています"): hardware only.
func Offers(k Kind) Verdict {
	if k == Hardware {
		return Verdict{OnPaper, BK09, ReasonAllowed}
	}
	return Verdict{NoWay, BK09, ReasonNotOffered}
}

// Cause is why a token is given out.
type Cause uint8

// The causes.
const (
	CauseFirst      Cause = iota // of the contract
	CauseAdditional              // 追加発行
	CauseLoss                    // 紛失
	CauseTheft                   // 盗難
	CauseDamage                  // broken, not by itself
	CauseFault                   // 故障: it broke by itself
	CauseExpiry                  // replacement at the expiry date
)

// String returns "first", "additional", "loss", "theft", "damage", "fault" or
// "expiry".
func (c Cause) String() string {
	return name("Cause", []string{"first", "additional", "loss", "theft", "damage", "fault", "expiry"}, c)
}

// fees is what costs the fee, and how it is applied for. Q6 names loss, theft and
// fault together and takes out the fault ("機器の故障によるもの") of a token that is
// given back; damage, which it does not name, is no fault of the token. The
// replacement at expiry is sent without being asked for (Q9), and Q11 charges
// reissues and additions only.
var fees = [...]struct {
	free     bool
	returned bool // free when the old token is given back
	way      Way
	rule     Rule
	old      Condition // what befell the token that is replaced; NotThere: none is
}{
	CauseFirst:      {free: true, way: OnPaper, rule: BK19},
	CauseAdditional: {way: OnPaper, rule: BK11},
	CauseLoss:       {way: OnPaper, rule: BK10, old: Lost},
	CauseTheft:      {way: OnPaper, rule: BK10, old: Lost},
	CauseDamage:     {way: OnPaper, rule: BK10, old: Broken},
	CauseFault:      {returned: true, way: OnPaper, rule: BK10, old: Broken},
	CauseExpiry:     {free: true, way: NoWay, rule: BK13},
}

// ParseCause returns the cause that a text names. A text that names none is
// [CauseFirst]: each contract has one token free of charge (Q11), and [Fee] takes
// a second first token for an additional one.
func ParseCause(text string) Cause {
	for c := range Cause(len(fees)) {
		if c.String() == text {
			return c
		}
	}
	return CauseFirst
}

// OrderCauses returns the causes for which a token is applied for.
func OrderCauses() []Cause {
	return slices.DeleteFunc(values(CauseFirst, len(fees)), func(c Cause) bool { return fees[c].way != OnPaper })
}

// OldToken returns what befell the token that an order for the cause replaces,
// [Lost] or [Broken]; [NotThere] where no token is named to be replaced.
func (c Cause) OldToken() Condition {
	if int(c) >= len(fees) {
		return NotThere
	}
	return fees[c].old
}

// Order is one token to be given out.
type Order struct {
	Cause    Cause
	Returned bool // the old token is given back
	HasToken bool // the contract has had its free one
}

// Fee returns what a token costs, tax included, and the rule that says so (BK-10,
// BK-11, BK-19). A first token of a contract that has had one is an additional
// one ("1契約につき1つ無料"). An unknown cause costs the fee.
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

// OrderWay returns how a token is applied for: on paper (Q6, Q7), and not at all
// at expiry, when it is sent.
func OrderWay(c Cause) (Way, Rule) {
	if int(c) >= len(fees) {
		return NoWay, BK11
	}
	return fees[c].way, fees[c].rule
}

// ErrAddress is the error of an address for a token other than the contract's.
var ErrAddress = errclass.New(errclass.Refused, "tokens are sent to the contract's registered address only")

// ShipTo returns where a token is posted (BK-11, Q7: "郵送先を個別でご指定いただく
// ことはできません"): the registered address. The error is [ErrAddress] when
// another is asked for; "" asks for none.
func ShipTo(registered, asked string) (string, error) {
	if asked != "" && asked != registered {
		return "", ErrAddress
	}
	return registered, nil
}

// Delivery returns the days between which a token that was applied for on a day
// is expected (BK-11, Q7: "7日〜10日前後"). Days are calendar days; the dates are
// no promise.
func Delivery(s Settings, applied token.Expiry) (from, to token.Expiry) {
	return addDays(applied, s.DeliveryFrom), addDays(applied, s.DeliveryTo)
}
