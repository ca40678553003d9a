// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator/radius"
)

// TestAnswersFromTheAddressAsked sends requests to each address of a server that
// listens on all of them. The client's socket is connected, so the kernel drops answers
// from other addresses.
//
// The addresses are from RFC 5737 and RFC 3849. The test runs itself again in a network
// namespace that has them.
func TestAnswersFromTheAddressAsked(t *testing.T) {
	const inside = "FOB_TEST_NETWORK_NAMESPACE"
	ip := tooltest.Find(t, "ip")
	if os.Getenv(inside) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAnswersFromTheAddressAsked$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		if os.Geteuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		}
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 { // the second process did not start
			tooltest.Missing(t, fmt.Sprintf("a kernel that lets this user make network namespaces (%v)", err))
		}
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: TestAnswersFromTheAddressAsked")
		return
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", "192.0.2.1/24", "dev", "lo"}, {"addr", "add", "192.0.2.2/24", "dev", "lo"},
		{"addr", "add", "2001:db8::1/64", "dev", "lo"}, {"addr", "add", "2001:db8::2/64", "dev", "lo"},
	} {
		out, err := exec.Command(ip, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	four := []string{"127.0.0.1", "127.0.0.2", "192.0.2.1", "192.0.2.2"}
	six := []string{"::1", "2001:db8::1", "2001:db8::2"}
	for _, c := range []struct {
		network, listen string
		ask             []string
	}{
		{"udp4", "0.0.0.0:0", four}, {"udp6", "[::]:0", six}, {"udp", ":0", append(four, six...)},
		{"udp", "192.0.2.2:0", []string{"192.0.2.2"}}, {"udp", "[2001:db8::2]:0", []string{"2001:db8::2"}},
	} {
		o := options()
		o.Clients = nil
		for _, network := range []string{"0.0.0.0/0", "::/0"} {
			o.Clients = append(o.Clients, radius.Client{Name: network, Network: netip.MustParsePrefix(network), Secret: radius.Secret(secret)})
		}
		f := newTestServer(t, o)
		f.serveOn(f.Bank, o, c.network, c.listen)
		for _, host := range c.ask {
			conn, err := net.Dial("udp", net.JoinHostPort(host, fmt.Sprint(f.addr.Port)))
			require.NoError(t, err)
			g := &gateway{f, conn}
			f.Step(1)
			require.Equal(t, wire.CodeAccessAccept, g.ask(pap(t, "alice", f.Code(f.serial, 0))).Code, "%s at %s", c.listen, host)
			f.requireEvent(radius.Accepted)
			require.NoError(t, conn.Close())
		}
	}
}
