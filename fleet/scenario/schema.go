// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"reflect"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/yamlfile"
)

var schemaOptions = yamlfile.Options{
	Values: func(name string) []string {
		if name == "states" {
			return states()
		}
		return events()
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
