// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/pages"
)

var title = regexp.MustCompile(`<title>(.*)</title>`)

// visit opens a page in a language, and returns its path and title.
func visit(url, language string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept-Language", language)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %q", answer.Request.URL.Path, title.Find(page)), nil
}

// A browser that has not logged in is redirected to the login of internet banking or of
// the back office.
func Example() {
	b, remove, err := banktest.Temporary(context.Background(), bank.SystemClock{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()
	server := httptest.NewServer(pages.New(b, pages.Options{
		Event: func(e pages.Event) { fmt.Println(e.Kind, e.Page, e.Err) }, // for the server's log
	}))
	defer server.Close()

	for _, page := range []struct{ path, language string }{{"/", "ja"}, {"/desk/", "en"}} {
		shown, err := visit(server.URL+page.path, page.language)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(shown)
	}
	// Output:
	// /login "<title>ログイン | せきれい銀行</title>"
	// /desk/login "<title>Back office login | Sekirei Bank</title>"
}
