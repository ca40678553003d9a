// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator/radius"
)

// pamLogin is a login of alice through Debian's pam_radius_auth, run by pamtester.
// pam_wrapper allows its service file to be outside /etc/pam.d.
type pamLogin struct {
	f    *testServer
	cmd  *exec.Cmd
	in   interface{ Write([]byte) (int, error) }
	out  bytes.Buffer
	done chan error
}

func (f *testServer) pamLogin() *pamLogin {
	t := f.t
	t.Helper()
	wrapper := tooltest.File(t, "libpam_wrapper.so", "/usr/lib/*/libpam_wrapper.so", "/usr/lib/libpam_wrapper.so")
	module := tooltest.File(t, "pam_radius_auth.so", "/lib/*/security/pam_radius_auth.so", "/lib/security/pam_radius_auth.so")
	permit := filepath.Join(filepath.Dir(module), "pam_permit.so")
	dir := t.TempDir()
	services := filepath.Join(dir, "pam.d")
	require.NoError(t, os.Mkdir(services, 0o700))
	conf := filepath.Join(dir, "servers")
	// The file cannot hold a secret with spaces.
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, "%v pam-shared-secret 60\n", f.addr), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(services, "fob-radius-test"), []byte(
		"auth requisite "+module+" conf="+conf+" retry=2\naccount required "+permit+"\n"), 0o600))

	p := &pamLogin{f: f, done: make(chan error, 1)}
	p.cmd = exec.Command(tooltest.Find(t, "pamtester"), "fob-radius-test", "alice", "authenticate")
	p.cmd.Env = append(os.Environ(), "LD_PRELOAD="+wrapper, "PAM_WRAPPER=1", "PAM_WRAPPER_SERVICE_DIR="+services)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	in, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	p.in = in
	require.NoError(t, p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// enter types a code, and returns the server's result.
func (p *pamLogin) enter(code string) radius.Kind {
	p.f.t.Helper()
	_, err := fmt.Fprintln(p.in, code)
	require.NoError(p.f.t, err)
	return p.f.event().Kind
}

// end waits until the login ends, and reports whether it succeeded.
func (p *pamLogin) end() bool {
	t := p.f.t
	t.Helper()
	select {
	case err := <-p.done:
		if err == nil {
			require.Contains(t, p.out.String(), "successfully authenticated")
			return true
		}
		require.Contains(t, p.out.String(), "Authentication failure")
		return false
	case <-time.After(patience):
		require.FailNow(t, "no end")
	}
	panic("unreachable")
}

// TestPAM: a code logs alice in once. Version 2.0.0 of the module, in Debian 12, sends
// no Message-Authenticator.
func TestPAM(t *testing.T) {
	o := options()
	o.Clients[0].Secret = radius.Secret("pam-shared-secret")
	o.Clients[0].InsecureNoMessageAuthenticator = true
	f := newTestServer(t, o)
	code := f.Code(f.serial, 0)
	p := f.pamLogin()
	require.Equal(t, radius.Accepted, p.enter(code))
	require.True(t, p.end())
	p = f.pamLogin()
	require.Equal(t, radius.Rejected, p.enter(code))
	require.False(t, p.end(), "the second time")

	// A clock that is five minutes ahead is corrected in one login with three codes.
	f.Step(10)
	p = f.pamLogin()
	require.Equal(t, radius.Challenged, p.enter(f.Code(f.serial, 5)))
	f.Step(1)
	require.Equal(t, radius.Challenged, p.enter(f.Code(f.serial, 5)))
	f.Step(1)
	require.Equal(t, radius.Accepted, p.enter(f.Code(f.serial, 5)))
	require.True(t, p.end())
	require.Contains(t, p.out.String(), "The clock of your token was corrected")
}
