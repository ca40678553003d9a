// SPDX-License-Identifier: Apache-2.0

package seedfile

// formats are all there are, in the order in which they are listed.
var formats = []*Format{
	pskcFormat,
	oathCSV,
	linotpCSV,
	entraCSV,
	duo,
	pingID,
	netiqCSV,
	multiotpCSV,
	dualshieldXML,
	feitianXML,
	safenetXML,
	usersOATH,
	otpauth,
	oktaJSON,
	fobJSON,
	otpauthMigration,
	aegis,
	twoFAS,
	andOTP,
	freeOTPPlus,
	bitwarden,
}
