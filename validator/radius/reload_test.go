// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/d204ef64/fob/validator/radius"
)

// TestSetClients: if the clients are replaced while a request is being checked, the
// answer uses the secret of the request. The next request needs the new secret. Invalid
// clients change nothing.
func TestSetClients(t *testing.T) {
	o := options()
	f := newTestServer(t, o)
	door := make(chan struct{})
	f.serve(&slowBank{f.Bank, door}, o)
	g, later := f.gateway(), f.gateway()
	request := signed(t, pap(t, "alice", f.Code(f.serial, 0)))
	g.send(request)
	g.send(request)
	f.requireEvent(radius.InFlight)

	client := o.Clients[0]
	client.Secret = radius.Secret("another secret of ours")
	require.NoError(t, f.server.SetClients([]radius.Client{client}))
	later.send(signed(t, pap(t, "alice", "123456")))
	f.requireEvent(radius.WrongAuthenticator)
	close(door)
	require.Equal(t, wire.CodeAccessAccept, g.check(request, g.receive()).Code)
	f.requireEvent(radius.Accepted)

	client.Network = netip.MustParsePrefix("192.0.2.0/24")
	require.NoError(t, f.server.SetClients([]radius.Client{client}))
	later.send(signed(t, pap(t, "alice", "123456")))
	f.requireEvent(radius.UnknownClient)

	require.NoError(t, f.server.SetClients(o.Clients))
	short := radius.Client{Name: "far", Network: client.Network, Secret: radius.Secret("short")}
	for name, bad := range map[string][]radius.Client{
		"none": nil, "short": {short}, "twice": {client, client}, "no network": {{Name: "x", Secret: client.Secret}},
	} {
		require.ErrorIs(t, f.server.SetClients(bad), radius.ErrOptions, name)
		later.requireNoAnswer() // the previous secret is still valid
	}
}
