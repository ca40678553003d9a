// SPDX-License-Identifier: Apache-2.0

package seedfile

// formats contains all formats in their listing order.
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
