// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// browser fills in the forms of the bank's pages like a person. It gets a page, submits
// its form including the hidden fields, and follows redirects.
type browser struct {
	base   string
	client *http.Client
	page   string // the page shown last
}

func newBrowser(base string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := &browser{base: strings.TrimSuffix(base, "/"), client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	return b, nil
}

var (
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
	action = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	option = regexp.MustCompile(`(?s)<select[^>]* name="([^"]+)".*?<option value="([^"]+)"`)
	notice = regexp.MustCompile(`(?s)<(?:div|p|h1)[^>]* role="(?:status|alert)"[^>]*>(.*?)</(?:div|p|h1)>`)
	markup = regexp.MustCompile(`<[^>]*>`)
)

// submit gets a page and submits its form with the given fields.
func (b *browser) submit(ctx context.Context, path string, fields map[string]string) error {
	if err := b.do(ctx, http.MethodGet, path, nil); err != nil {
		return err
	}
	_, main, _ := strings.Cut(b.page, "<main")
	to := action.FindStringSubmatch(main)
	if to == nil {
		return fmt.Errorf("page %s has no form", path)
	}
	form := url.Values{}
	for _, re := range []*regexp.Regexp{option, hidden} {
		for _, m := range re.FindAllStringSubmatch(main, -1) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	for k, v := range fields {
		form.Set(k, v)
	}
	return b.do(ctx, http.MethodPost, html.UnescapeString(to[1]), form)
}

func (b *browser) do(ctx context.Context, method, path string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
	}
	r.Header.Set("Accept-Language", "en")
	res, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest && res.StatusCode != http.StatusUnprocessableEntity {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	b.page = string(body)
	return nil
}

// notice returns the notice on the page, which gives the result of the last action.
func (b *browser) notice() string {
	m := notice.FindStringSubmatch(b.page)
	if m == nil {
		return ""
	}
	return strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(m[1], " "))), " ")
}
