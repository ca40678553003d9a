// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/radius"
)

// TestRADIUS sends requests with FreeRADIUS's client and then stops the server. The
// port must be free afterwards.
func TestRADIUS(t *testing.T) {
	radclient := tooltest.Find(t, "radclient")
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	serial := d.Issued("c1")
	d.Activate("alice", serial)
	d.Clock.Advance(60)
	front, err := radius.New(d.Bank, radius.Options{Timeout: patience, Clients: []radius.Client{{
		Name: "here", Network: netip.MustParsePrefix("127.0.0.0/8"), Secret: radius.Secret("testing123"),
	}}})
	require.NoError(t, err)
	r := serve(t, Config{Bank: d.Bank, Pages: http.NotFoundHandler(), Packets: []Packets{RADIUS(front, "127.0.0.1:0", nil)}})

	ask := func(code string) string {
		cmd := exec.Command(radclient, "-r", "1", "-t", strconv.Itoa(int(patience/time.Second)), r.Packets()[0], "auth", "testing123")
		cmd.Stdin = bytes.NewBufferString("User-Name = alice\nUser-Password = \"" + code + "\"\nMessage-Authenticator = 0x00\n")
		out, _ := cmd.CombinedOutput() // radclient fails on Access-Reject
		return string(out)
	}
	code := d.Code(serial, 0)
	require.Contains(t, ask(code), "Access-Accept")
	require.Contains(t, ask(code), "Access-Reject", "used")
	r.stop()
	require.NoError(t, <-r.ended)
	conn, err := net.ListenPacket("udp", r.Packets()[0])
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}
