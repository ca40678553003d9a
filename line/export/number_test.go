// SPDX-License-Identifier: Apache-2.0

package export

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.0001: "0", 2.5: "2.5", -1.0 / 3: "-0.333", 3012.123456789: "3012.123", 1e6: "1000000"} {
		require.Equal(t, want, number(v))
	}
}
