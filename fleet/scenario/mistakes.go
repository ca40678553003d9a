// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// maxMistakes is the number of mistakes in a file that are reported.
const maxMistakes = 10

// mistakes are the mistakes in a file.
type mistakes []mistake

type mistake struct {
	line int
	err  error
}

func (m *mistakes) add(line int, err error) { *m = append(*m, mistake{line, err}) }

// lines returns the lines of the mistakes.
func (m mistakes) lines() (all []int) {
	for _, one := range m {
		all = append(all, one.line)
	}
	return all
}

// join returns the first mistakes in the order of their lines, one a line.
func (m mistakes) join(file string) error {
	slices.SortStableFunc(m, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, one := range m[:min(len(m), maxMistakes)] {
		errs = append(errs, one.err)
	}
	if more := len(m) - maxMistakes; more > 0 {
		errs = append(errs, fmt.Errorf("%w: %s: %d more mistakes", ErrFile, file, more))
	}
	return errors.Join(errs...)
}
