// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLike: only parts that also vary among the answers to wrong codes may differ.
func TestLike(t *testing.T) {
	for _, c := range []struct {
		correct string
		wrong   []string
		want    bool
	}{
		{`refused: status 403 no`, []string{`refused: status 401 no`, `refused: status 401 no`, `refused: status 401 no`}, false},
		{`refused: status 403 no`, []string{`refused: status 401 no`, `refused: status 402 no`, `refused: status 401 no`}, false},
		{`refused: exit code 2`, []string{`refused: exit code 1`, `refused: exit code 1`}, false},
		{`refused: status 401 {"match":1}`, []string{`refused: status 401 {"match":0}`, `refused: status 401 {"match":0}`}, false},
		{`refused: status 401 {"match":1,"id":"f47ac10b-58cc"}`, []string{`refused: status 401 {"match":0,"id":"1b-2c"}`, `refused: status 401 {"match":0,"id":"abcdef09"}`}, false},
		{`refused: status 401 {"match":0,"id":"f47ac10b-58cc"}`, []string{`refused: status 401 {"match":0,"id":"1b-2c"}`, `refused: status 401 {"match":0,"id":"abcdef09"}`}, true},
		{`refused: status 401 locked, 1799 s left`, []string{`refused: status 401 locked, 1800 s left`, `refused: status 401 locked, 1798 s left`}, true},
		{`refused: status 401 wait for 3 minutes`, []string{`refused: status 401 no`, `refused: status 401 no`, `refused: status 401 wait for 4 minutes`}, true},
		{`refused: the correct code`, []string{`refused: no`, `refused: no`}, false},
	} {
		require.Equal(t, c.want, like(c.correct, c.wrong), c.correct)
	}
}
