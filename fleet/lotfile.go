// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"

	"github.com/d204ef64/fob/internal/yamlfile"
)

// LotFile is a file of lots, in YAML.
type LotFile struct {
	Lots []Lot `yaml:"lots" doc:"the tokens of the fleet, in this order" required:"true"`
}

// ParseLots parses a file of lots. Unknown fields are errors. The values are checked
// when the lots are made. The error wraps [ErrLot].
func ParseLots(text []byte) ([]Lot, error) {
	var file LotFile
	if _, err := yamlfile.Decode(text, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLot, err)
	}
	if len(file.Lots) == 0 {
		return nil, fmt.Errorf("%w: there is no lot under lots", ErrLot)
	}
	return file.Lots, nil
}
