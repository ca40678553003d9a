// SPDX-License-Identifier: Apache-2.0

package seedfile

import "strings"

// pskcValue is a value of Data, or MACKey, as in the file.
type pskcValue struct {
	line             int    // 0: not there
	plain, sealed    bool   // PlainValue and CipherValue are there
	encrypted        bool   // EncryptedValue is there, whatever is in it
	text             string // of PlainValue or CipherValue
	mac              string
	hasMAC           bool
	alg, digest, mgf string // URIs
	label            bool   // OAEPparams that are not empty
}

// pskcKey is a KeyPackage, as in the file.
type pskcKey struct {
	line          int // of KeyPackage
	keyLine       int // of Key; 0: there is none
	id, algorithm string
	hashAttr      string // of Suite
	response      pskcResponse
	text          [textCount]string
	textLine      [textCount]int32 // 0: not there
	data          [5]pskcValue
	usage         []string
	refused       pskcElem // the first that is understood and not supported
	refusedLine   int
}

// pskcResponse is ResponseFormat.
type pskcResponse struct {
	line                     int
	length, encoding, checks string
}

func (k *pskcKey) get(e pskcElem) string { return k.text[e-firstText] }

// trimmed is get without the space around it, by which files are indented.
func (k *pskcKey) trimmed(e pskcElem) string { return strings.Trim(k.get(e), xmlSpace) }

// at returns a value of Data.
func (k *pskcKey) at(e pskcElem) *pskcValue { return &k.data[e-firstValue] }
