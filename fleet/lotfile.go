// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
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
	if err := yamlfile.Decode(text, &file); err != nil && !errors.Is(err, yamlfile.ErrEmpty) {
		return nil, fmt.Errorf("%w: %s", ErrLot, yamlfile.PlainError(err))
	}
	if len(file.Lots) == 0 {
		return nil, fmt.Errorf("%w: there is no lot under lots", ErrLot)
	}
	return file.Lots, nil
}
