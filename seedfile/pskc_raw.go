// SPDX-License-Identifier: Apache-2.0

package seedfile

import "strings"

// pskcValue is a value of Data, or MACKey, with the texts of the file.
type pskcValue struct {
	line             int    // 0 if absent
	plain, sealed    bool   // PlainValue and CipherValue are present
	encrypted        bool   // EncryptedValue is present, with any content
	text             string // of PlainValue or CipherValue
	mac              string
	hasMAC           bool
	alg, digest, mgf string // URIs
	label            bool   // OAEPparams is present and not empty
}

// pskcKey is a KeyPackage, with the texts of the file.
type pskcKey struct {
	line          int // of KeyPackage
	keyLine       int // of Key; 0 if there is none
	id, algorithm string
	hashAttr      string // of Suite
	response      pskcResponse
	text          [textCount]string
	textLine      [textCount]int32 // 0 if absent
	data          [5]pskcValue
	usage         []string
	refused       pskcElem // first element that is recognised but not supported
	refusedLine   int
}

// pskcResponse is ResponseFormat.
type pskcResponse struct {
	line                     int
	length, encoding, checks string
}

func (k *pskcKey) get(e pskcElem) string { return k.text[e-firstText] }

// trimmed is get without the surrounding space, which comes from indentation.
func (k *pskcKey) trimmed(e pskcElem) string { return strings.Trim(k.get(e), xmlSpace) }

// at returns a value of Data.
func (k *pskcKey) at(e pskcElem) *pskcValue { return &k.data[e-firstValue] }
