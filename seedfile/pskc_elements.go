// SPDX-License-Identifier: Apache-2.0

package seedfile

import "strings"

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
