// SPDX-License-Identifier: Apache-2.0

package hostclock

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// one is a machine with one program, which answers text.
func one(tool, text string) Machine {
	return Machine{
		LookPath: func(name string) (string, error) {
			if name == tool {
				return "/usr/bin/" + tool, nil
			}
			return "", exec.ErrNotFound
		},
		Output: func(context.Context, string, ...string) (string, error) { return text, nil },
	}
}

// TestChrony reads answers in the form of chronyc(1), section tracking with -c. The
// figures are those of the manual's example: 0.000006523 s slow, root delay 0.076600000,
// root dispersion 0.002350000.
func TestChrony(t *testing.T) {
	const answer = "CB00710F,203.0.113.15,3,1485335745.222,-0.000006523,-0.000006747,0.000035822,-3.225,0.000,0.129,0.0766,0.00235,64.2,"
	s, err := Read(t.Context(), one("chronyc", answer+"Normal\n"))
	require.NoError(t, err)
	require.Equal(t, Status{
		Synchronised: true, Source: "chronyc", Known: true, Error: 40656523 * time.Nanosecond, Advice: "sudo systemctl restart chrony",
	}, s)
	require.NoError(t, s.Check(0))
	require.NoError(t, s.Check(41*time.Millisecond))
	require.ErrorIs(t, s.Check(40*time.Millisecond), ErrUnsynchronised)

	s, err = Read(t.Context(), one("chronyc", answer+"Not synchronised\n"))
	require.NoError(t, err)
	require.ErrorContains(t, s.Check(0), "not synchronised, according to chronyc: try sudo systemctl restart chrony")

	_, err = Read(t.Context(), one("chronyc", "506 Cannot talk to daemon"))
	require.ErrorIs(t, err, ErrUnknown)

	for _, bad := range []string{"NaN", "x", "1e300", ""} { // synchronised, with an unknown error
		s, err = Read(t.Context(), one("chronyc", "CB00710F,203.0.113.15,3,1485335745.222,"+bad+",0,0,0,0,0,0.0766,0.00235,64.2,Normal"))
		require.NoError(t, err)
		require.False(t, s.Known, bad)
		require.NoError(t, s.Check(0))
		require.ErrorIs(t, s.Check(time.Hour), ErrUnsynchronised)
	}
}

func TestTimedatectl(t *testing.T) {
	s, err := Read(t.Context(), one("timedatectl", "yes\n"))
	require.NoError(t, err)
	require.NoError(t, s.Check(0))
	require.ErrorContains(t, s.Check(time.Second), "does not report its error")
	s, err = Read(t.Context(), one("timedatectl", "no\n"))
	require.NoError(t, err)
	require.ErrorContains(t, s.Check(0), "sudo timedatectl set-ntp true")
}

// TestFails checks that programs that fail are passed over.
func TestFails(t *testing.T) {
	broken := Machine{
		LookPath: func(string) (string, error) { return "/x", nil },
		Output:   func(context.Context, string, ...string) (string, error) { return "", errors.New("exit status 1") },
		Kernel:   func() (Status, error) { return Status{Source: "kernel"}, nil },
	}
	s, err := Read(t.Context(), broken)
	require.NoError(t, err)
	require.Equal(t, "kernel", s.Source)
}

// TestHere checks that this machine answers.
func TestHere(t *testing.T) {
	s, err := Read(t.Context(), Here())
	if !errors.Is(err, ErrUnknown) {
		require.NoError(t, err)
		require.NotEmpty(t, s.Source)
	}
}
