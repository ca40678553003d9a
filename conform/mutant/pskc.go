// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/token"
)

const (
	pskcSpace = "urn:ietf:params:xml:ns:keyprov:pskc"
	pskcDraft = pskcSpace + ":1.0"
)

// node is an element.
type node struct {
	space, prefix, name string
	attrs               []xml.Attr
	text                string
	children            []*node
	spaces              map[string]string // by prefix
}

// child returns the first element with a name in the namespace of PSKC, or, by mistake, the
// last one in any. It never returns nil.
func (s *Server) child(n *node, names ...string) *node {
	for _, name := range names {
		var found *node
		for _, c := range n.children {
			if c.name == name && (found == nil && c.space == n.space || s.is("F16")) {
				found = c
			}
		}
		if found == nil {
			return &node{}
		}
		n = found
	}
	return n
}

// any returns the first element with a local name below this one. It never returns nil.
func (n *node) any(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
		if found := c.any(name); found.name != "" {
			return found
		}
	}
	return &node{}
}

func (s *Server) attr(n *node, name string) string {
	if s.is("F05") && name == "Length" && len(n.attrs) > 0 {
		return n.attrs[0].Value
	}
	for _, a := range n.attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

var (
	doctype = regexp.MustCompile(`(?s)<!DOCTYPE.*?\]>`)
	entity  = regexp.MustCompile(`&[a-z];`)
)

// xmlText returns the text of a file in UTF-8, without a document type.
func (s *Server) xmlText(f *conform.SeedFile) (string, error) {
	text := string(f.Text)
	switch {
	case hasPrefix(f, "\x1f\x8b"):
		if s.is("F21") {
			return "", errSkipped
		}
		return "", refusef("it is compressed")
	case hasPrefix(f, "\xff\xfe"):
		var units []uint16
		for i := 2; i+1 < len(f.Text); i += 2 {
			units = append(units, binary.LittleEndian.Uint16(f.Text[i:]))
		}
		if text = strings.Replace(string(utf16.Decode(units)), "UTF-16", "UTF-8", 1); s.is("F09") {
			return "", refusef("it is not UTF-8")
		}
	case hasPrefix(f, "\xef\xbb\xbf") && s.is("F08"):
		return "", refusef("it does not begin with an element")
	case hasPrefix(f, "\xef\xbb\xbf"):
		text = text[3:]
	}
	if s.is("F54") && strings.Contains(text, "&j;") || s.is("F55") && strings.Contains(text, "SYSTEM") {
		text = entity.ReplaceAllString(doctype.ReplaceAllString(text, ""), "x")
	}
	return text, nil
}

var errEnds = errors.New("the file breaks off")

// tree reads the elements of a file. If the file breaks off, it returns the elements so
// far, and errEnds.
func (s *Server) tree(text string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	document := &node{spaces: map[string]string{}}
	stack := []*node{document}
	for {
		top := stack[len(stack)-1]
		tok, err := d.RawToken()
		switch t := tok.(type) {
		case nil:
			var syntax *xml.SyntaxError
			switch {
			case err == io.EOF && len(stack) == 1:
				return document, nil
			case err == io.EOF, errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF"):
				return document, errEnds
			}
			return nil, refusef("it is not XML")
		case xml.StartElement:
			n := &node{prefix: t.Name.Space, name: t.Name.Local, spaces: top.spaces}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					spaces := map[string]string{strings.TrimPrefix(a.Name.Local, "xmlns"): a.Value}
					for p, space := range n.spaces {
						if _, set := spaces[p]; !set {
							spaces[p] = space
						}
					}
					n.spaces = spaces
					continue
				}
				n.attrs = append(n.attrs, a)
			}
			n.space = n.spaces[n.prefix]
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 1 || top.name != t.Name.Local || top.prefix != t.Name.Space {
				return nil, refusef("its elements do not match")
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		case xml.ProcInst:
			if t.Target != "xml" && s.is("F06") {
				return nil, refusef("it has a processing instruction")
			}
		case xml.Directive:
			return nil, refusef("it has a document type")
		}
	}
}

// pskcRows reads a PSKC file.
func (s *Server) pskcRows(f *conform.SeedFile) (rows []row, err error) {
	text, err := s.xmlText(f)
	if err != nil {
		return nil, err
	}
	document, err := s.tree(text)
	if err != nil && (!errors.Is(err, errEnds) || !s.is("F51")) {
		return nil, errors.Join(ErrFile, err)
	}
	broken := err != nil
	if len(document.children) != 1 {
		return nil, refusef("it has no root element")
	}
	root := document.children[0]
	if err := s.checkRoot(root); err != nil {
		return nil, err
	}
	if root.space == pskcDraft {
		return s.draftRows(root)
	}
	o, err := s.newOpener(root, f)
	if err != nil {
		return nil, err
	}
	for _, n := range root.children {
		switch n.name {
		case "EncryptionKey", "MACMethod":
			continue
		case "KeyPackage":
		default:
			return nil, refusef("an element is unknown")
		}
		if s.is("F04") && n.prefix != root.prefix {
			continue
		}
		r, err := s.pskcRow(n, o)
		switch {
		case err == nil && r.period == 0 && s.is("F35"):
			r.period = 30
		case err == nil && r.period == 0:
			if err = refusef("it has no time step"); s.is("F52") || broken {
				continue
			}
		}
		if s.is("F53") && errors.Is(err, errAlgorithm) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.is("F58") {
			r.period = 60
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// checkRoot refuses other files than PSKC.
func (s *Server) checkRoot(root *node) error {
	switch {
	case root.name == "keycontainer" && s.is("F27"):
		return errSkipped
	case root.space == pskcDraft && s.is("F19"):
		return nil
	case root.space != pskcSpace || root.name != "KeyContainer":
		return refusef("it is not PSKC")
	case s.is("F01") && root.prefix == "", s.is("F02") && root.prefix == "pskc",
		s.any("F03", "C61") && root.prefix != "" && root.prefix != "pskc":
		return refusef("its prefix is unknown")
	}
	return nil
}

// draftRows reads a file of a draft of PSKC, by mistake.
func (s *Server) draftRows(root *node) ([]row, error) {
	key, err := base64.StdEncoding.DecodeString(root.any("Secret").any("PlainValue").text)
	return []row{{serial: root.any("SerialNo").text, key: key, digits: 6, period: 60}}, err
}

var errAlgorithm = refusef("a key has another algorithm")

// ignores reports whether an element that is not supported is ignored by mistake.
func (s *Server) ignores(id string) bool { return s.any(id, "C63") }

// pskcRow reads a KeyPackage.
func (s *Server) pskcRow(n *node, o *opener) (r row, err error) {
	key := s.child(n, "Key")
	r.serial = s.child(n, "DeviceInfo", "SerialNo").text
	if len(r.serial) > token.MaxSerialLen {
		if !s.is("F20") {
			return r, refusef("a serial number is too long")
		}
		r.serial = r.serial[:token.MaxSerialLen]
	}
	if s.attr(key, "Algorithm") != pskcSpace+":totp" && !s.ignores("F45") {
		return r, errAlgorithm
	}
	if err := s.parameters(s.child(key, "AlgorithmParameters"), &r); err != nil {
		return r, err
	}
	if err := s.policy(s.child(key, "Policy")); err != nil {
		return r, err
	}
	if err := s.data(s.child(key, "Data"), o, &r); err != nil {
		return r, err
	}
	return r, s.dates(s.child(n, "DeviceInfo"), s.child(key, "Policy"), &r)
}

func (s *Server) parameters(n *node, r *row) error {
	switch suite := s.child(n, "Suite").text; suite {
	case "":
	case "HMAC-SHA256":
		if !s.is("F18") {
			r.alg = token.SHA256
		}
	default:
		switch {
		case s.is("F47"):
			return refusef("the suite %s is unknown", suite)
		case !s.ignores("F44"):
			return refusef("a suite is unknown")
		}
	}
	format := s.child(n, "ResponseFormat")
	digits, err := strconv.ParseUint(s.attr(format, "Length"), 10, 8)
	if err != nil {
		return refusef("the length of the codes is missing")
	}
	if r.digits = uint8(digits); s.is("F17") {
		r.digits = 6
	}
	switch {
	case s.attr(format, "Encoding") != "DECIMAL" && !s.ignores("F42"):
		return refusef("the codes are not decimal")
	case s.attr(format, "CheckDigits") != "" && !s.ignores("F36"):
		return refusef("the codes have check digits")
	}
	return nil
}

func (s *Server) policy(n *node) error {
	fault := map[string]string{"PINPolicy": "F37", "NumberOfTransactions": "F38", "KeyUsage": "F40"}
	for _, c := range n.children {
		if c.name == "StartDate" || c.name == "ExpiryDate" {
			continue
		}
		id := fault[c.name]
		if id == "" {
			id = "F39"
		}
		if !s.ignores(id) {
			return refusef("a policy is not supported")
		}
	}
	return nil
}

func (s *Server) data(n *node, o *opener, r *row) (err error) {
	if s.is("F15") && len(n.children) > 1 && n.children[0].name != "Secret" {
		r.period = 30
	}
	secret := s.child(n, "Secret")
	switch {
	case secret.name == "" && s.ignores("F43"):
		r.key = make([]byte, shortest) // zeros
	case secret.name == "":
		return refusef("a secret is missing")
	default:
		if r.key, err = o.secret(secret); err != nil {
			return err
		}
	}
	if r.period == 0 {
		if r.period, err = o.number(s.child(n, "TimeInterval")); err != nil {
			return err
		}
	}
	if r.drift, err = o.number(s.child(n, "TimeDrift")); err != nil {
		return err
	}
	switch {
	case s.is("F14"):
		r.drift /= 60
	case s.is("C62"):
		r.drift = 0
	}
	at, err := o.number(s.child(n, "Time"))
	if err == nil && at != 0 && !s.ignores("F41") {
		err = refusef("the steps do not begin in 1970")
	}
	return err
}

// dates computes the period in which a token may be used from the dates on two levels.
func (s *Server) dates(device, policy *node, r *row) (err error) {
	read := func(n *node, name string) (t time.Time) {
		text := s.child(n, name).text
		if text == "" || err != nil {
			return t
		}
		if s.is("F13") {
			text = text[:len("2006-01-02T15:04:05")] + "Z"
		}
		t, err = time.Parse(time.RFC3339, text)
		return t
	}
	start, other := read(device, "StartDate"), read(policy, "StartDate")
	if (other.After(start) || s.is("F12")) && !s.any("F11", "C53") && !other.IsZero() {
		start = other
	}
	expiry, end := read(device, "ExpiryDate"), read(policy, "ExpiryDate")
	if (end.Before(expiry) || expiry.IsZero() || s.any("F11", "C53")) && !s.is("F12") && !end.IsZero() {
		expiry = end
	}
	r.start, r.expiry = start, expiry
	return err
}

// onlyHex reports whether a text has hexadecimal digits only.
func onlyHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil
}

// base64Text decodes base64 with white space.
func (s *Server) base64Text(text string) ([]byte, error) {
	if fields := strings.Fields(text); s.is("F07") && len(fields) > 1 {
		return nil, refusef("a value is not base64")
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, refusef("a value is not base64")
	}
	return bytes.Clone(b), nil
}
