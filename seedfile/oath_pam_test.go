// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// pam is Debian's pam_oath with a users file of ours, called through pamtester.
// pam_wrapper takes its service file from elsewhere than /etc/pam.d, so the test does
// not need root. The module uses the real clock.
type pam struct {
	pamtester, wrapper, services, users string
}

func newPAM(t *testing.T, records ...Record) *pam {
	p := &pam{pamtester: tooltest.Find(t, "pamtester"), services: t.TempDir()}
	p.wrapper = tooltest.File(t, "libpam_wrapper.so", "/usr/lib/*/libpam_wrapper.so", "/usr/lib/libpam_wrapper.so")
	module := tooltest.File(t, "pam_oath.so", "/lib/*/security/pam_oath.so", "/lib/security/pam_oath.so")
	permit := filepath.Join(filepath.Dir(module), "pam_permit.so")

	p.users = filepath.Join(t.TempDir(), "users.oath")
	file, err := writeAll(mustFormat(t, "users-oath"), records...)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(p.users, []byte(file), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(p.services, "fob-seedfile-test"), []byte(
		"auth requisite "+module+" usersfile="+p.users+" window=3\naccount required "+permit+"\n"), 0o600))
	return p
}

// accepts reports whether the module accepts this code for the user.
func (p *pam) accepts(t *testing.T, user, code string) bool {
	t.Helper()
	cmd := exec.Command(p.pamtester, "fob-seedfile-test", user, "authenticate")
	cmd.Env = append(os.Environ(), "LD_PRELOAD="+p.wrapper, "PAM_WRAPPER=1", "PAM_WRAPPER_SERVICE_DIR="+p.services)
	cmd.Stdin = strings.NewReader(code + "\n")
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		require.Contains(t, string(out), "successfully authenticated")
		return true
	case strings.Contains(string(out), "Authentication failure"):
		return false
	}
	require.NoError(t, err, string(out))
	return false
}

// TestPAM checks that a virtual token can log in with the users file that we write for
// it, and only once with each code.
func TestPAM(t *testing.T) {
	world, err := virtual.NewWorld(virtual.Config{At: time.Now(), Seed: 1})
	require.NoError(t, err)
	model, err := virtual.ModelByName("always-on-6")
	require.NoError(t, err)
	require.EqualValues(t, 60, model.Profile().Step)
	r := Record{
		Serial: testSerial(t, "2600124800001"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60,
	}
	p := newPAM(t, r)
	fob := world.NewToken(model, virtual.Perfect())
	require.NoError(t, fob.Program(r.Serial, &serialproto.Payload{
		Seed: r.Seed.Bytes(), Profile: model.Profile(), Ends: token.Never, Clock: world.Now().Milli(),
	}, true))
	code := fob.Display().Text
	require.Len(t, code, 6)

	wrong := "0" + code[1:]
	if wrong == code {
		wrong = "1" + code[1:]
	}
	require.False(t, p.accepts(t, "2600124800001", wrong))
	require.True(t, p.accepts(t, "2600124800001", code))
	require.False(t, p.accepts(t, "2600124800001", code), "a code is accepted once")

	// The file is also readable after the module has changed it.
	left, err := os.ReadFile(p.users)
	require.NoError(t, err)
	require.Contains(t, string(left), code)
	got, err := readAll(mustFormat(t, "users-oath"), string(left), ReadOptions{})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.True(t, got[0].Seed.Equal(r.Seed))
}

// TestPAMCounter compares our interpretation of the moving factor with the module's,
// using the codes of RFC 4226, appendix D.
func TestPAMCounter(t *testing.T) {
	codes := []string{5: "254676", 6: "287922"}
	p := newPAM(t, Record{
		Type: HOTP, User: "alice", Seed: hexSeedOf(t, rfcSeed), Digits: 6, Counter: 5,
	})
	require.False(t, p.accepts(t, "alice", "338314"), "of counter 4")
	for counter := uint64(5); counter <= 6; counter++ {
		left, err := os.ReadFile(p.users)
		require.NoError(t, err)
		got, err := readAll(mustFormat(t, "users-oath"), string(left), ReadOptions{})
		require.NoError(t, err, string(left))
		require.Equal(t, counter, got[0].Counter, "of the next code: %s", left)
		require.True(t, p.accepts(t, "alice", codes[counter]))
		require.False(t, p.accepts(t, "alice", codes[counter]))
	}
}
