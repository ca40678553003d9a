// SPDX-License-Identifier: Apache-2.0

package port

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPipeDoesNotBlockEarly(t *testing.T) {
	a, b := Pipe()
	n, err := a.Write(make([]byte, bufferSize))
	require.NoError(t, err)
	require.Equal(t, bufferSize, n)
	_, err = io.ReadFull(b, make([]byte, n))
	require.NoError(t, err)
	exchange(t, a, b)
}
