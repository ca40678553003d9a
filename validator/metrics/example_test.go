// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/metrics"
)

// A server counts the events of a bank and its requests, and Prometheus reads them.
func Example() {
	m := metrics.New(metrics.Build{Version: "0.1.0"})

	// Pass the observer to bank.Open in the options. The bank then calls Recorded for
	// each record of the audit log.
	observer := m.Observer()
	for _, reason := range []validator.Reason{validator.ReasonAccepted, validator.ReasonReplayed} {
		observer.Recorded(bank.Record{
			Act: validator.OpTransfer.String(), Reason: reason.String(),
			Done: reason == validator.ReasonAccepted, Channel: bank.ChannelPage,
		})
	}
	m.HTTPRequest(http.MethodGet, "/v1/tokens/{serial}", http.StatusOK, 3*time.Millisecond)

	server := httptest.NewServer(m.Handler())
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		line := lines.Text()
		if strings.Contains(line, "_total{") && !strings.HasSuffix(line, " 0") {
			fmt.Println(line)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// fob_validator_codes_total{front="page",reason="accepted"} 1
	// fob_validator_codes_total{front="page",reason="replayed"} 1
	// fob_validator_http_requests_total{method="GET",route="/v1/tokens/{serial}",status="200"} 1
}
