// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// The namespace and the algorithm of RFC 6030 and its profile for TOTP.
const (
	pskcSpace = "urn:ietf:params:xml:ns:keyprov:pskc"
	pskcTOTP  = "urn:ietf:params:xml:ns:keyprov:pskc:totp"
)

// pskcKey is one token of a PSKC file. Empty texts are omitted.
type pskcKey struct {
	fob *fob

	deviceStart, deviceExpiry string // xs:dateTime
	policyStart, policyExpiry string
	interval                  string // "" is 60
	drift                     string // in intervals
	time                      string // "" is 0
	response                  string // additional attributes of ResponseFormat
	encoding                  string // "" is DECIMAL
	policy                    string // additional elements of Policy, with %s for the prefix
	reordered                 bool   // other orders of attributes and of Data
}

// pskcFile returns a plaintext PSKC file. Its elements have the given prefix or, for
// "", are in the default namespace. It does not use package seedfile: a bug there would
// then affect both sides.
func pskcFile(prefix string, keys ...pskcKey) string {
	colon, xmlns := "", "xmlns"
	if prefix != "" {
		colon, xmlns = prefix+":", "xmlns:"+prefix
	}
	var b strings.Builder
	el := func(name, text string) string {
		if text == "" {
			return ""
		}
		return "<" + colon + name + ">" + text + "</" + colon + name + ">"
	}
	value := func(name, text string) string {
		if text == "" {
			return ""
		}
		return el(name, el("PlainValue", text))
	}
	or := func(text, def string) string {
		if text == "" {
			return def
		}
		return text
	}
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<" + colon + `KeyContainer Version="1.0" ` + xmlns + `="` + pskcSpace + `">` + "\n")
	for _, k := range keys {
		suite := ""
		if k.fob.alg != 0 {
			suite = el("Suite", "HMAC-"+k.fob.alg.String())
		}
		format := []string{`Length="` + strconv.Itoa(int(k.fob.digits)) + `"`, `Encoding="` + or(k.encoding, "DECIMAL") + `"`}
		id := []string{`Id="` + k.fob.serial + `"`, `Algorithm="` + pskcTOTP + `"`}
		data := []string{
			value("Secret", base64.StdEncoding.EncodeToString(k.fob.key)),
			value("Time", or(k.time, "0")), value("TimeInterval", or(k.interval, "60")), value("TimeDrift", k.drift),
		}
		if k.reordered {
			format[0], format[1] = format[1], format[0]
			id[0], id[1] = id[1], id[0]
			data[0], data[2] = data[2], data[0]
		}
		b.WriteString("<" + colon + "KeyPackage>" +
			el("DeviceInfo", el("Manufacturer", "oath.FOBS")+el("SerialNo", k.fob.serial)+
				el("StartDate", k.deviceStart)+el("ExpiryDate", k.deviceExpiry)) +
			"<" + colon + "Key " + strings.Join(id, " ") + ">" +
			el("AlgorithmParameters", suite+"<"+colon+"ResponseFormat "+strings.Join(format, " ")+" "+k.response+"/>") +
			el("Data", strings.Join(data, "")) +
			el("Policy", el("StartDate", k.policyStart)+el("ExpiryDate", k.policyExpiry)+strings.ReplaceAll(k.policy, "%s", colon)) +
			"</" + colon + "Key></" + colon + "KeyPackage>\n")
	}
	b.WriteString("</" + colon + "KeyContainer>\n")
	return b.String()
}
