// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// BenchmarkCheck measures the check of an unknown serial number over HTTP. It covers
// the whole path except the update of a token's state. The audit record is written to
// disk.
func BenchmarkCheck(b *testing.B) {
	d := banktest.New(b, banktest.SQLite(b))
	srv := httptest.NewServer(httpapi.New(d.Bank, httpapi.Options{Limits: httpapi.Limits{
		KeyFailedAttempts: httpapi.Rate{PerSecond: -1}, KeyRequests: httpapi.Rate{PerSecond: -1},
	}}))
	b.Cleanup(srv.Close)
	_, key, err := d.Bank.AddKey(b.Context(), banktest.Clerk, bank.KeyCheck, "bench")
	require.NoError(b, err)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, srv.URL+"/v1/check",
				strings.NewReader(`{"serial":"NO-SUCH","code":"123456"}`))
			if err != nil {
				b.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+key)
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Errorf("status %d", res.StatusCode)
				return
			}
		}
	})
}
