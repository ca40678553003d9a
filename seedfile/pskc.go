// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"strings"

	"github.com/d204ef64/fob/token"
)

// pskcFormat is the Portable Symmetric Key Container of RFC 6030, the only format with
// both expiry dates, encryption and a signature.
//
// RFC 6030 does not define TOTP. The name urn:ietf:params:xml:ns:keyprov:pskc:totp and
// the elements for it come from draft-hoyer-keyprov-pskc-algorithm-profiles.
//
// In RFC 6030 section 4.1, Time is a number of intervals since a start that the
// algorithm defines. It is 0 for a key that is described from its start on. No element
// names that start. In this package, Time is T0 in seconds since 1970: 0, or 946684800
// for tokens that count from 2000-01-01. No other value is read or written. The two
// meanings cannot be confused, because 946684800 intervals of 30 s end in the year
// 2869. An importer without support for T0 should refuse the value, as FreeIPA does.
//
// The reader skips elements for which a [Record] has no field, if they do not restrict
// the use of the key. It reports each kind once through ReadOptions.Warn:
// CryptoModuleInfo, KeyProfileId, KeyReference beside a Secret, Extensions, and
// elements of other namespaces (the schema's extension points are "lax", RFC 6030
// sections 9 and 11). In Policy it skips nothing, because an element there that the
// reader does not understand forbids the use of the key (section 5). It also refuses
// DeviceBinding, which only the program that loads the key into a device could enforce.
var pskcFormat = &Format{
	Name:      "pskc",
	Title:     "PSKC, RFC 6030",
	Extension: ".pskcxml",
	carries:   pskcCarries,
	detect:    pskcDetect,
	read:      newPSKCReader,
	write:     newPSKCWriter,
}

// The namespaces of RFC 6030 section 1.3.
const (
	nsPSKC   = "urn:ietf:params:xml:ns:keyprov:pskc"
	nsDS     = "http://www.w3.org/2000/09/xmldsig#"
	nsXENC   = "http://www.w3.org/2001/04/xmlenc#"
	nsXENC11 = "http://www.w3.org/2009/xmlenc11#"
	nsPKCS5  = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"
	// nsAny is for the children of PBKDF2-params. Figure 7 leaves them without a
	// namespace, its copies with a default namespace put them into that one, and XML
	// Encryption 1.1 uses its own.
	nsAny = "*"
)

// The algorithms of keys.
const (
	pskcHOTP = nsPSKC + ":hotp" // RFC 6030 section 10.1
	pskcTOTP = nsPSKC + ":totp"
	// pskcTOTPDraft is the name in the draft's examples. Vendors copied it.
	pskcTOTPDraft = nsPSKC + "#totp"
)

// These limits keep a file from using up the memory before it is refused. Real files
// stay below a tenth of them.
const (
	pskcMaxToken = 256 << 10 // bytes in a tag, text or comment
	pskcMaxDepth = 32        // nested elements
	// pskcMaxSigned limits the bytes of a file for which a signature is made or
	// verified. Canonical XML requires several copies of the whole file in memory
	// before its signer is known. With the limits below, a hostile file takes 0.9 GiB
	// for 6 s, measured with `RAPID_CHECKS=1000 go test -run PSKCSignedMemory -v`.
	pskcMaxSigned = 16 << 20
	// pskcMaxComments limits the comments in such a file. Canonical XML has none, and
	// the library removes them one by one from a list.
	pskcMaxComments = 1000
	// pskcMaxSpaces limits the namespace declarations in force at one place of such a
	// file. The library copies them for each element.
	pskcMaxSpaces = 32
)

// pskcMaxNodes limits the elements, attributes, texts and other nodes of such a file.
// Each takes a hundred bytes of memory or more, however short it is. Our own files have
// at least 14 bytes per node. Tests lower the limit to finish sooner.
var pskcMaxNodes = pskcMaxSigned / 12

func pskcCarries(r *Record) Field {
	f := FieldAll
	if r.Type == HOTP {
		return f &^ (FieldStep | FieldT0 | FieldDrift)
	}
	f &^= FieldCounter
	if !pskcT0(int64(r.T0)) {
		f &^= FieldT0
	}
	return f
}

// pskcT0 reports whether Time may have this T0.
func pskcT0(t0 int64) bool { return t0 == 0 || t0 == int64(token.Epoch2000) }

func pskcDetect(head []byte) bool {
	return strings.EqualFold(rootElement(head), "KeyContainer") &&
		(bytes.Contains(head, []byte(`keyprov:pskc"`)) || bytes.Contains(head, []byte(`keyprov:pskc'`))) // and not …:pskc:1.0, the drafts'
}

// pskcElem is an element that the reader handles, at one place of the schema (RFC 6030
// section 11).
type pskcElem uint8

const (
	elDocument pskcElem = iota
	elSkipped           // skipped, with all of its content
	elContainer
	elPackage
	elDeviceInfo
	elCryptoModule
	elKey
	elParameters
	elResponseFormat
	elChallengeFormat
	elData
	elPolicy
	elPINPolicy

	// The values of Data, in the order of pskcKey.data.
	elSecret
	elCounter
	elTime
	elTimeInterval
	elTimeDrift

	// The parts of a value. MACKey has some of them too.
	elPlainValue
	elEncryptedValue
	elValueMAC
	elEncryptionMethod
	elDigestMethod
	elMGF
	elOAEPParams
	elCipherData
	elCipherValue

	elEncryptionKey
	elKeyName
	elX509Data
	elDerivedKey
	elKeyDerivation
	elPBKDF2
	elSalt
	elSpecified
	elIterationCount
	elKeyLength
	elPRF
	elMACMethod
	elMACKey

	// The texts of a KeyPackage, in the order of pskcKey.text.
	elManufacturer
	elSerialNo
	elModel
	elIssueNo
	elDeviceBinding
	elDeviceStart
	elDeviceExpiry
	elDeviceUser
	elModuleID
	elIssuer
	elSuite
	elKeyProfile
	elKeyReference
	elFriendlyName
	elUser
	elPolicyStart
	elPolicyExpiry
	elTransactions
	elKeyUsage

	elCount
)

const (
	firstValue = elSecret
	firstText  = elManufacturer
	textCount  = int(elCount - firstText)
)

// pskcRule describes an element for the reader.
type pskcRule struct {
	name     string
	ns       string              // "" means nsPSKC
	text     bool                // contains text and no elements
	many     bool                // may occur more than once in its parent
	closed   bool                // an unknown element in it is refused, even one of another namespace
	children map[string]pskcElem // by local name, which is unique within a parent
}

// pskcValueParts are the children of the values of Data.
var pskcValueParts = map[string]pskcElem{
	"PlainValue": elPlainValue, "EncryptedValue": elEncryptedValue, "ValueMAC": elValueMAC,
}

// pskcCipherParts are the children of xenc:EncryptedDataType (XML Encryption section
// 3.1). KeyInfo is not among them: it would name another key.
var pskcCipherParts = map[string]pskcElem{
	"EncryptionMethod": elEncryptionMethod, "CipherData": elCipherData,
}

var pskcRules = [elCount]pskcRule{
	elDocument: {name: "the file", closed: true, children: map[string]pskcElem{"KeyContainer": elContainer}},
	elSkipped:  {name: "an extension", ns: nsAny, many: true},
	elContainer: {name: "KeyContainer", children: map[string]pskcElem{
		"EncryptionKey": elEncryptionKey, "MACMethod": elMACMethod, "KeyPackage": elPackage,
	}},
	elPackage: {name: "KeyPackage", many: true, children: map[string]pskcElem{
		"DeviceInfo": elDeviceInfo, "CryptoModuleInfo": elCryptoModule, "Key": elKey,
	}},
	elDeviceInfo: {name: "DeviceInfo", children: map[string]pskcElem{
		"Manufacturer": elManufacturer, "SerialNo": elSerialNo, "Model": elModel, "IssueNo": elIssueNo,
		"DeviceBinding": elDeviceBinding, "StartDate": elDeviceStart, "ExpiryDate": elDeviceExpiry,
		"UserId": elDeviceUser,
	}},
	elCryptoModule: {name: "CryptoModuleInfo", children: map[string]pskcElem{"Id": elModuleID}},
	elKey: {name: "Key", many: true, children: map[string]pskcElem{
		"Issuer": elIssuer, "AlgorithmParameters": elParameters, "KeyProfileId": elKeyProfile,
		"KeyReference": elKeyReference, "FriendlyName": elFriendlyName, "Data": elData, "UserId": elUser,
		"Policy": elPolicy,
	}},
	elParameters: {name: "AlgorithmParameters", children: map[string]pskcElem{
		"Suite": elSuite, "ResponseFormat": elResponseFormat, "ChallengeFormat": elChallengeFormat,
	}},
	elResponseFormat:  {name: "ResponseFormat"},
	elChallengeFormat: {name: "ChallengeFormat"},
	elData: {name: "Data", children: map[string]pskcElem{
		"Secret": elSecret, "Counter": elCounter, "Time": elTime, "TimeInterval": elTimeInterval,
		"TimeDrift": elTimeDrift,
	}},
	elPolicy: {name: "Policy", closed: true, children: map[string]pskcElem{
		"StartDate": elPolicyStart, "ExpiryDate": elPolicyExpiry, "PINPolicy": elPINPolicy,
		"KeyUsage": elKeyUsage, "NumberOfTransactions": elTransactions,
	}},
	elPINPolicy: {name: "PINPolicy", closed: true},

	elSecret:       {name: "Secret", children: pskcValueParts},
	elCounter:      {name: "Counter", children: pskcValueParts},
	elTime:         {name: "Time", children: pskcValueParts},
	elTimeInterval: {name: "TimeInterval", children: pskcValueParts},
	elTimeDrift:    {name: "TimeDrift", children: pskcValueParts},

	elPlainValue:     {name: "PlainValue", text: true},
	elEncryptedValue: {name: "EncryptedValue", closed: true, children: pskcCipherParts},
	elValueMAC:       {name: "ValueMAC", text: true},
	elEncryptionMethod: {name: "EncryptionMethod", ns: nsXENC, closed: true, children: map[string]pskcElem{
		"DigestMethod": elDigestMethod, "MGF": elMGF, "OAEPparams": elOAEPParams,
	}},
	elDigestMethod: {name: "DigestMethod", ns: nsDS},
	elMGF:          {name: "MGF", ns: nsXENC11},
	elOAEPParams:   {name: "OAEPparams", ns: nsXENC, text: true},
	elCipherData: {name: "CipherData", ns: nsXENC, closed: true, children: map[string]pskcElem{
		"CipherValue": elCipherValue,
	}},
	elCipherValue: {name: "CipherValue", ns: nsXENC, text: true},

	elEncryptionKey: {name: "EncryptionKey", closed: true, children: map[string]pskcElem{
		"KeyName": elKeyName, "X509Data": elX509Data, "DerivedKey": elDerivedKey,
	}},
	elKeyName:  {name: "KeyName", ns: nsDS, text: true},
	elX509Data: {name: "X509Data", ns: nsDS, many: true},
	elDerivedKey: {name: "DerivedKey", ns: nsXENC11, closed: true, children: map[string]pskcElem{
		"KeyDerivationMethod": elKeyDerivation,
		// The values that the key is for, and names for people.
		"ReferenceList": elSkipped, "DerivedKeyName": elSkipped, "MasterKeyName": elSkipped,
	}},
	elKeyDerivation: {name: "KeyDerivationMethod", ns: nsXENC11, closed: true, children: map[string]pskcElem{
		"PBKDF2-params": elPBKDF2,
	}},
	elPBKDF2: {name: "PBKDF2-params", ns: nsAny, closed: true, children: map[string]pskcElem{
		"Salt": elSalt, "IterationCount": elIterationCount, "KeyLength": elKeyLength, "PRF": elPRF,
	}},
	elSalt:           {name: "Salt", ns: nsAny, closed: true, children: map[string]pskcElem{"Specified": elSpecified}},
	elSpecified:      {name: "Specified", ns: nsAny, text: true},
	elIterationCount: {name: "IterationCount", ns: nsAny, text: true},
	elKeyLength:      {name: "KeyLength", ns: nsAny, text: true},
	elPRF:            {name: "PRF", ns: nsAny},
	elMACMethod:      {name: "MACMethod", closed: true, children: map[string]pskcElem{"MACKey": elMACKey}},
	elMACKey:         {name: "MACKey", closed: true, children: pskcCipherParts},

	elManufacturer:  {name: "Manufacturer", text: true},
	elSerialNo:      {name: "SerialNo", text: true},
	elModel:         {name: "Model", text: true},
	elIssueNo:       {name: "IssueNo", text: true},
	elDeviceBinding: {name: "DeviceBinding", text: true},
	elDeviceStart:   {name: "DeviceInfo/StartDate", text: true},
	elDeviceExpiry:  {name: "DeviceInfo/ExpiryDate", text: true},
	elDeviceUser:    {name: "DeviceInfo/UserId", text: true},
	elModuleID:      {name: "CryptoModuleInfo/Id", text: true},
	elIssuer:        {name: "Issuer", text: true},
	elSuite:         {name: "Suite", text: true},
	elKeyProfile:    {name: "KeyProfileId", text: true},
	elKeyReference:  {name: "KeyReference", text: true},
	elFriendlyName:  {name: "FriendlyName", text: true},
	elUser:          {name: "UserId", text: true},
	elPolicyStart:   {name: "Policy/StartDate", text: true},
	elPolicyExpiry:  {name: "Policy/ExpiryDate", text: true},
	elTransactions:  {name: "NumberOfTransactions", text: true},
	elKeyUsage:      {name: "KeyUsage", text: true, many: true},
}

// pskcFolded has the children by name in lower case.
var pskcFolded = func() (folded [elCount]map[string]pskcElem) {
	for parent := range pskcRules {
		children := map[string]pskcElem{}
		for name, e := range pskcRules[parent].children {
			children[strings.ToLower(name)] = e
		}
		folded[parent] = children
	}
	return folded
}()

// find returns the child of that name, and whether the parent may have it. fold is for
// files with all names in lower case.
func (parent pskcElem) find(space, local string, fold bool) (pskcElem, bool) {
	children := pskcRules[parent].children
	if fold {
		children, local = pskcFolded[parent], strings.ToLower(local)
	}
	e, ok := children[local]
	if !ok {
		return 0, false
	}
	switch ns := pskcRules[e].ns; ns {
	case nsAny:
		return e, true
	case "":
		return e, space == nsPSKC
	default:
		return e, space == ns
	}
}
