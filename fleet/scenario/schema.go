// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"reflect"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/yamlfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

var schemaOptions = yamlfile.Options{
	Values: func(name string) (values []string) {
		switch name {
		case "states":
			for _, st := range fleet.States() {
				values = append(values, st.String())
			}
		case "events":
			for _, k := range virtual.EventKinds() {
				values = append(values, k.String())
			}
		case "profiles":
			return fleet.Profiles()
		case "serials":
			for _, k := range []token.SerialKind{token.SerialOATH, token.SerialVendor13, token.SerialVendor9, token.SerialOther} {
				values = append(values, k.String())
			}
		}
		return values
	},
	OneOf: reflect.TypeFor[steps](),
}

// Schema returns the JSON Schema of a scenario, for editors.
func Schema() ([]byte, error) {
	return yamlfile.Schema("A scenario of fob scenario run", file{}, schemaOptions)
}

// LotSchema returns the JSON Schema of a file of lots, for editors.
func LotSchema() ([]byte, error) {
	return yamlfile.Schema("The lots of fob run --lot", fleet.LotFile{}, schemaOptions)
}
