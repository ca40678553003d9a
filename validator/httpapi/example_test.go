// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// post sends a request with an API key, and decodes the answer.
func post(url, apiKey, contentType, body string, answer any) error {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 { // the body describes the problem (RFC 9457)
		return fmt.Errorf("POST %s: %s", url, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// The back office imports a seed file, and an internet banking system checks a code.
func Example() {
	ctx := context.Background()
	// At this time the time step of 60 seconds has the counter 23523EC. With the seed of
	// RFC 6238, appendix B, the last six digits of the code are 081804.
	b, remove, err := banktest.Temporary(ctx, bank.NewManualClock(60*0x23523EC))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()
	server := httptest.NewServer(httpapi.New(b, httpapi.Options{}))
	defer server.Close()

	by := bank.By{Operator: true, Channel: bank.ChannelCommand}
	_, clerkKey, err := b.AddKey(ctx, by, bank.KeyClerk, "back office")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, checkKey, err := b.AddKey(ctx, by, bank.KeyCheck, "internet banking")
	if err != nil {
		fmt.Println(err)
		return
	}
	file := "upn,serial number,secret key,time interval,manufacturer,model\n" +
		",2600124800001,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,60,,\n"
	var imported struct{ Tokens int }
	err = post(server.URL+"/v1/imports", clerkKey, "application/octet-stream", file, &imported)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("tokens:", imported.Tokens)

	for range 2 { // a code is accepted once
		var out httpapi.Outcome
		err := post(server.URL+"/v1/check", checkKey, "application/json", `{"serial":"2600124800001","code":"081804"}`, &out)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.Done, out.Answer)
	}
	// Output:
	// tokens: 1
	// true accepted
	// false refused
}
