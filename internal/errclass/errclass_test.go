// SPDX-License-Identifier: Apache-2.0

package errclass_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/errclass"
)

// TestOf checks that the class is found through wrapped and joined errors, that the
// outermost class wins, and that errors.Is still finds the sentinel.
func TestOf(t *testing.T) {
	busy := errclass.New(errclass.Unreachable, "busy")
	date := errclass.New(errclass.Usage, "date")
	plain := errors.New("plain")
	for _, c := range []struct {
		err    error
		class  errclass.Class
		found  bool
		isBusy bool
	}{
		{nil, errclass.Failed, false, false},
		{plain, errclass.Failed, false, false},
		{busy, errclass.Unreachable, true, true},
		{fmt.Errorf("opening: %w", busy), errclass.Unreachable, true, true},
		{fmt.Errorf("%w: %w", plain, busy), errclass.Unreachable, true, true},
		{fmt.Errorf("%w: %w", date, busy), errclass.Usage, true, true},
		{errors.Join(plain, fmt.Errorf("a: %w", busy), date), errclass.Unreachable, true, true},
		{errclass.With(errclass.Timeout, fmt.Errorf("a: %w", busy)), errclass.Timeout, true, true},
		{errclass.New(errclass.Unreachable, "busy"), errclass.Unreachable, true, false},
	} {
		class, found := errclass.Of(c.err)
		require.Equal(t, c.class, class, "%v", c.err)
		require.Equal(t, c.found, found, "%v", c.err)
		require.Equal(t, c.isBusy, errors.Is(c.err, busy), "%v", c.err)
	}
	require.EqualError(t, errclass.With(errclass.Timeout, fmt.Errorf("a: %w", busy)), "a: busy")
}

// TestNames fixes the names, because scripts read them in the JSON of an error.
func TestNames(t *testing.T) {
	var got []string
	for c := errclass.Failed; c <= errclass.Timeout; c++ {
		got = append(got, c.String())
	}
	require.Equal(t, []string{"failed", "usage", "unreachable", "refused", "unsupported", "mismatch", "timeout"}, got)
	require.Equal(t, "failed", errclass.Class(200).String())
}
