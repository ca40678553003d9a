// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// TestReady: /readyz shows a load balancer that a server cannot check codes, for
// example because it still has the old master key after a rotation. /healthz stays
// good, because a restart with the same key would not help.
func TestReady(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Import("", 1)
	former, err := bank.Open(t.Context(), d.DB, d.Master, bank.Options{Clock: d.Clock})
	require.NoError(t, err)
	fresh, err := bank.Realm.NewMaster()
	require.NoError(t, err)
	require.NoError(t, d.Bank.Rewrap(t.Context(), banktest.Clerk, fresh, ""))
	_, err = d.Bank.RotateKey(t.Context(), banktest.Clerk, nil)
	require.NoError(t, err)

	s := newSite(t, d, httpapi.Options{})
	require.Equal(t, "ready\n", s.do("", "GET", "/readyz", nil).is(200).text)
	s.srv = httptest.NewServer(httpapi.New(former, httpapi.Options{Limits: free}))
	t.Cleanup(s.srv.Close)
	r := s.do("", "GET", "/readyz", nil).is(503)
	require.Equal(t, "codes cannot be checked: see the server's log\n", r.text)
	require.Equal(t, "1", r.header.Get("Retry-After"))
	s.do("", "GET", "/healthz", nil).is(200)
}
