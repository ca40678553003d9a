// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/token"
)

// The namespaces and the algorithm of RFC 6030 and its profile for TOTP.
const (
	pskcSpace = "urn:ietf:params:xml:ns:keyprov:pskc"
	pskcTOTP  = pskcSpace + ":totp"
)

// pskc is a PSKC file (RFC 6030). Its zero value has the default namespace.
type pskc struct {
	prefix     string // of the elements; "" is the default namespace
	attributes string // more attributes of KeyContainer
	keys       []pskcKey
	seal       *seal // encrypts the secrets; nil: they are in clear

	swapAttributes bool // other orders of attributes
	swapData       bool // another order of the elements of Data
	lines          bool // white space in base64
}

// pskcKey is a token of a PSKC file. Empty texts are left out.
type pskcKey struct {
	Token
	prefix *string // nil: the container's

	deviceStart, deviceExpiry string // xs:dateTime
	policyStart, policyExpiry string
	drift                     string // in steps
}

// file returns a file with one token of the usual profile.
func (p pskc) file(m *maker) File { return p.with(pskcKey{Token: m.token()}) }

// PSKC returns a file with a token, which expires as the token does.
func PSKC(t Token) []byte {
	k := pskcKey{Token: t}
	if !t.Expiry.IsZero() {
		k.deviceExpiry = t.Expiry.UTC().Format(time.RFC3339)
	}
	return pskc{}.with(k).Text
}

// with returns a file with tokens.
func (p pskc) with(keys ...pskcKey) File {
	p.keys = keys
	f := File{Text: []byte(p.text())}
	for i := range keys {
		f.Tokens = append(f.Tokens, keys[i].Token)
	}
	if p.seal != nil {
		f.Key, f.Password = p.seal.preShared, p.seal.password
	}
	return f
}

// text returns the file.
func (p pskc) text() string {
	name, xmlns := p.name(p.prefix), "xmlns"
	if p.prefix != "" {
		xmlns += ":" + p.prefix
	}
	attributes := []string{`Version="1.0"`, xmlns + `="` + pskcSpace + `"`}
	if p.swapAttributes {
		slices.Reverse(attributes)
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	b.WriteString("<" + name("KeyContainer") + " " + strings.Join(attributes, " ") + p.attributes)
	if p.seal != nil {
		b.WriteString(p.seal.namespaces())
	}
	b.WriteString(">\n")
	if p.seal != nil {
		b.WriteString(p.seal.head(name))
	}
	for i := range p.keys {
		b.WriteString(p.keyPackage(&p.keys[i]))
	}
	b.WriteString("</" + name("KeyContainer") + ">\n")
	return b.String()
}

// name returns a function that adds a prefix to the name of an element.
func (p pskc) name(prefix string) func(string) string {
	return func(local string) string {
		if prefix == "" {
			return local
		}
		return prefix + ":" + local
	}
}

// keyPackage returns a token.
func (p pskc) keyPackage(k *pskcKey) string {
	prefix := p.prefix
	if k.prefix != nil {
		prefix = *k.prefix
	}
	name := p.name(prefix)
	el := func(local, text string) string {
		if text == "" {
			return ""
		}
		return "<" + name(local) + ">" + text + "</" + name(local) + ">"
	}
	line := func(indent int, text string) string {
		if text == "" {
			return ""
		}
		return strings.Repeat("  ", indent) + text + "\n"
	}
	value := func(local, text string) string {
		if text == "" {
			return ""
		}
		return el(local, el("PlainValue", text))
	}
	suite := ""
	if k.Algorithm != token.SHA1 {
		suite = "HMAC-" + k.Algorithm.String()
	}
	format := []string{fmt.Sprintf(`Length="%d"`, k.Digits), `Encoding="DECIMAL"`}
	id := []string{`Id="` + k.Serial + `"`, `Algorithm="` + pskcTOTP + `"`}
	data := []string{
		p.secret(k, name),
		value("Time", "0"),
		value("TimeInterval", strconv.FormatInt(k.Period, 10)),
		value("TimeDrift", k.drift),
	}
	if p.swapAttributes {
		slices.Reverse(format)
		slices.Reverse(id)
	}
	if p.swapData {
		slices.Reverse(data)
	}
	var b strings.Builder
	b.WriteString(line(1, "<"+name("KeyPackage")+">"))
	b.WriteString(line(2, el("DeviceInfo", el("Manufacturer", "oath.FOBS")+el("SerialNo", k.Serial)+
		el("StartDate", k.deviceStart)+el("ExpiryDate", k.deviceExpiry))))
	b.WriteString(line(2, "<"+name("Key")+" "+strings.Join(id, " ")+">"))
	b.WriteString(line(3, el("AlgorithmParameters", el("Suite", suite)+"<"+name("ResponseFormat")+" "+strings.Join(format, " ")+"/>")))
	b.WriteString(line(3, "<"+name("Data")+">"))
	for _, d := range data {
		b.WriteString(line(4, d))
	}
	b.WriteString(line(3, "</"+name("Data")+">"))
	b.WriteString(line(3, el("Policy", el("StartDate", k.policyStart)+el("ExpiryDate", k.policyExpiry))))
	b.WriteString(line(2, "</"+name("Key")+">"))
	b.WriteString(line(1, "</"+name("KeyPackage")+">"))
	return b.String()
}

// secret returns the element Secret.
func (p pskc) secret(k *pskcKey, name func(string) string) string {
	open, end := "<"+name("Secret")+">", "</"+name("Secret")+">"
	if p.seal != nil {
		return open + p.seal.value(k.Key, name) + end
	}
	text := base64.StdEncoding.EncodeToString(k.Key)
	if p.lines {
		text = "\n      " + text[:10] + "\r\n      " + text[10:20] + "\n\t" + text[20:] + "\n    "
	}
	return open + "<" + name("PlainValue") + ">" + text + "</" + name("PlainValue") + ">" + end
}
