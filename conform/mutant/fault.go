// SPDX-License-Identifier: Apache-2.0

package mutant

import "slices"

// Fault is a mistake.
type Fault struct {
	Case string // the case that finds it
	Does string
	Also string // other cases that fail because of it, separated by spaces; "most" is most of them
}

// Faults returns a mistake for each case.
func Faults() []Fault { return faults }

var faults = []Fault{
	{"C01", "uses steps of 30 s for all tokens", "most"},
	{"C02", "also accepts the code of a 30 s step", ""},
	{"C03", "cuts the time to 33 bits", ""},
	{"C04", "cuts the time to 32 bits", "C03"},
	{"C05", "compares codes as numbers", ""},
	{"C06", "refuses the previous code for two seconds", ""},
	{"C07", "accepts two steps backward and forward", "C09"},
	{"C08", "accepts two steps forward, but one backward", "C09"},
	{"C09", "accepts 35 steps backward and forward", "C07 C20 C25 C26 C27 BK-03"},
	{"C10", "has a window of 60 seconds instead of a step", ""},
	{"C11", "does not remember used codes", "C03 C12 C13 C15 C16 C17 C18 C21 C30 C41 C49 C64 C68 BK-02"},
	{"C12", "forgets used codes after 60 s", "C68"},
	{"C13", "forgets used codes at a restart", ""},
	{"C14", "searches used codes before it removes spaces", ""},
	{"C15", "checks before it stores, without a lock", "BK-02"},
	{"C16", "remembers used codes per interface", ""},
	{"C17", "remembers used codes per user", "BK-02"},
	{"C18", "remembers used steps, but not their order", ""},
	{"C19", "expects every code", "C03 C04 C12 C21 C23 C47 C48 C50 C51 C53 C54 C55 C69 BK-05 BK-12"},
	{"C20", "remembers refused codes like used ones", "C21"},
	{"C21", "compares with the digits of the last code", ""},
	{"C22", "uses up the codes of locked tokens", ""},
	{"C23", "does not learn the offset", ""},
	{"C24", "counts a code late in its step as drift", ""},
	{"C25", "accepts 9 steps backward and forward, and moves the offset to every accepted code", "C07 C09"},
	{"C26", "moves the offset to refused codes nearby", "C07 C12 C68 BK-03"},
	{"C27", "locks tokens whose clock is far off", "C07 C12 C20 C26 C68 BK-03"},
	{"C28", "accepts two codes with a gap for a correction", ""},
	{"C29", "searches two codes in 20,000 steps", ""},
	{"C30", "does not use up the codes of a correction", ""},
	{"C31", "uses up the next code with a correction", "C27 C30"},
	{"C32", "corrects a clock by used codes", ""},
	{"C33", "does not count failed corrections", ""},
	{"C34", "unlocks tokens by a correction", "C33"},
	{"C35", "corrects the clocks of tokens that are out of use", ""},
	{"C36", "never locks a token", "C33 C37"},
	{"C37", "locks one attempt too late", ""},
	{"C38", "does not reset the count", "C26 C50"},
	{"C39", "counts the same wrong code once", ""},
	{"C40", "fails on malformed entries", "C05 C14"},
	{"C41", "unlocks tokens by used codes", ""},
	{"C42", "reads the count before it writes it, without a lock", ""},
	{"C43", "reveals whether the code of a locked token is correct", ""},
	{"C44", "counts and locks per user", "C48 BK-05"},
	{"C45", "locks all tokens of a batch", "C47"},
	{"C46", "unlocks tokens after an hour", "C36"},
	{"C47", "lets any user unlock the token of another one", ""},
	{"C48", "lets a master unlock a token whose own one is locked", ""},
	{"C49", "forgets used codes when it unlocks a token", ""},
	{"C50", "lets a master revoke whose own token is lost", ""},
	{"C51", "lets users register a revoked token again", ""},
	{"C52", "ends the day of expiry in UTC", "C53"},
	{"C53", "uses the earlier start and the later expiry", ""},
	{"C54", "sends notices five weeks before the expiry", ""},
	{"C55", "copies the state of a token to its replacement", ""},
	{"C56", "charges for a faulty token that is given back", ""},
	{"C57", "replaces a token that is imported again", ""},
	{"C58", "uses 30 s if a file has no time step", ""},
	{"C59", "does not verify the MAC of a file", ""},
	{"C60", "imports random seeds with a wrong key", ""},
	{"C61", "accepts no other prefix than pskc in a file", ""},
	{"C62", "ignores TimeDrift", ""},
	{"C63", "ignores elements of a file that it does not support", ""},
	{"C64", "does not use up the code of a registration", ""},
	{"C65", "records the seed of an imported token", ""},
	{"C66", "accepts any seed", ""},
	{"C67", "accepts tokens of any period", ""},
	{"C68", "forgets used codes if its clock is set back", ""},
	{"C69", "adds an hour in summer", "C03 C04 C52 C53 C54"},
	{"C70", "takes longer for the code of the next step", ""},
	{"BK-02", "remembers used codes per operation", ""},
	{"BK-03", "accepts the code of ten minutes ago", ""},
	{"BK-04", "registers payees without a code", ""},
	{"BK-05", "sends files although the token is locked", ""},
	{"BK-12", "lets users register tokens of other contracts", ""},
	{"BK-20", "records accepted codes only", ""},
}

// Mistake returns the mistake that a case finds, or "" if there is none.
func Mistake(id string) string {
	for _, f := range slices.Concat(faults, importFaults) {
		if f.Case == id {
			return f.Does
		}
	}
	return ""
}
