// SPDX-License-Identifier: Apache-2.0

package radius_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/radius"
)

func TestOptions(t *testing.T) {
	f := newTestServer(t, options())
	client := func(network, secret string) radius.Client {
		return radius.Client{Name: "x", Network: netip.MustParsePrefix(network), Secret: radius.Secret(secret)}
	}
	for name, change := range map[string]func(*radius.Options){
		"no clients":         func(o *radius.Options) { o.Clients = nil },
		"short secret":       func(o *radius.Options) { o.Clients[0] = client("192.0.2.0/24", "fifteen letters") },
		"more than loopback": func(o *radius.Options) { o.Clients[0] = client("0.0.0.0/0", "short") },
		"::/0":               func(o *radius.Options) { o.Clients[0] = client("::/0", "short") },
		"no secret":          func(o *radius.Options) { o.Clients[0].Secret = nil },
		"twice":              func(o *radius.Options) { o.Clients = append(o.Clients, o.Clients[0]) },
		"no network":         func(o *radius.Options) { o.Clients[0].Network = netip.Prefix{} },
		"language":           func(o *radius.Options) { o.Language = "fr" },
		"concurrency":        func(o *radius.Options) { o.Concurrency = -1 },
		"life":               func(o *radius.Options) { o.ChallengeLife = time.Millisecond },
		"burst":              func(o *radius.Options) { o.WrongBurst = -1 },
	} {
		o := options()
		change(&o)
		_, err := radius.New(f.Bank, o)
		require.ErrorIs(t, err, radius.ErrOptions, name)
	}
	for _, good := range []radius.Client{client("127.0.0.0/8", "short"), client("::1/128", "short"), client("192.0.2.0/24", "sixteen letters.")} {
		o := options()
		o.Clients[0] = good
		_, err := radius.New(f.Bank, o)
		require.NoError(t, err)
	}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", options(), options(), options()), secret)
	for _, k := range radius.Kinds() {
		require.NotEmpty(t, k.String())
	}
}
