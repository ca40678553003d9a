// SPDX-License-Identifier: Apache-2.0

package cases_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/cases"
)

// fault changes the answer to a request about a code. Its arguments are the path, the
// code in the request, and the answer. The status is 200 or 201.
type fault func(path, code string, answer map[string]any)

// codeKey is the context key of the serial number and code of a request.
type codeKey struct{}

// faulty returns a target with a fault: the reference behind a proxy that changes its
// answers.
func faulty(t *testing.T, f fault) cases.Target {
	t.Helper()
	target := startReference(t, filepath.Join(t.TempDir(), "bank.db"))
	at, err := url.Parse(target.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) },
		ModifyResponse: func(r *http.Response) error {
			code, _ := r.Request.Context().Value(codeKey{}).(string)
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			var a map[string]any
			if r.StatusCode < 300 && json.Unmarshal(body, &a) == nil && a["done"] != nil {
				f(r.Request.URL.Path, code, a)
				if body, err = json.Marshal(a); err != nil {
					return err
				}
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			r.ContentLength = int64(len(body))
			r.Header.Del("Content-Length")
			return nil
		},
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") == "application/json" {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			var in struct{ Serial, Code string }
			_ = json.Unmarshal(body, &in)
			r.Body = io.NopCloser(bytes.NewReader(body))
			r = r.WithContext(context.WithValue(r.Context(), codeKey{}, in.Serial+" "+in.Code))
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	target.URL = front.URL
	return target
}

// failing returns the IDs of the cases that fail.
func failing(t *testing.T, target cases.Target, only ...string) (ids []string) {
	t.Helper()
	results, err := cases.Run(t.Context(), target, cases.Options{Only: only})
	require.NoError(t, err)
	for _, r := range results {
		require.NotEqual(t, cases.NotApplicable, r.Outcome, r.ID)
		if r.Outcome == cases.Fail {
			require.NotContains(t, r.Detail, "panic", r.ID)
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// passing returns the IDs of the other cases.
func passing(failed []string) (ids []string) {
	for _, c := range cases.All() {
		if !slices.Contains(failed, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func set(a map[string]any, done bool, answer string) {
	a["done"], a["answer"] = done, answer
	delete(a, "way")
}

// TestAcceptsEverything: a bank that accepts all codes fails each case in which a code
// must be refused.
func TestAcceptsEverything(t *testing.T) {
	failed := failing(t, faulty(t, func(_, _ string, a map[string]any) { set(a, true, "accepted") }))
	require.ElementsMatch(t, []string{
		// These enter only correct codes.
		"C01", "C04", "C06", "C19", "C23", "C24", "C61", "C62", "C69",
		// These test files, notices and fees, which this bank handles correctly, or no
		// bank at all.
		"C10", "C54", "C56", "C58", "C59", "C60", "C63", "C66", "C67",
	}, passing(failed))
}

// TestRefusesEverything: a bank that is safe only because it refuses all codes fails
// each case.
func TestRefusesEverything(t *testing.T) {
	failed := failing(t, faulty(t, func(_, _ string, a map[string]any) { set(a, false, "refused") }))
	require.Equal(t, []string{"C63", "C67"}, passing(failed), "C63 tests a file, and C67 no bank")
}

// TestAcceptsUsedCodes tests a bank that accepts a code again.
func TestAcceptsUsedCodes(t *testing.T) {
	var mu sync.Mutex
	used := map[string]bool{}
	failed := failing(t, faulty(t, func(_, code string, a map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		if a["answer"] == "accepted" {
			used[code] = true
		}
		if used[code] {
			set(a, true, "accepted")
		}
	}), "C11", "C12", "C13", "C14", "C15", "C21", "C41", "C49", "C57", "C68")
	require.Equal(t, []string{"C11", "C12", "C13", "C15", "C21", "C41", "C49", "C57", "C68"}, failed)
}

// TestTrimsCodes tests a bank that trims its input, but not when it searches for
// used codes (CVE-2025-6014).
func TestTrimsCodes(t *testing.T) {
	failed := failing(t, faulty(t, func(_, code string, a map[string]any) {
		if _, code, _ := strings.Cut(code, " "); strings.TrimSpace(code) != code {
			set(a, true, "accepted")
		}
	}), "C11", "C14")
	require.Equal(t, []string{"C14"}, failed)
}

func TestSelect(t *testing.T) {
	got, err := cases.Select([]string{"c15", "C11"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "C11", got[0].ID)
	_, err = cases.Select([]string{"C71"})
	require.ErrorIs(t, err, cases.ErrCase)
	all, err := cases.Select(nil)
	require.NoError(t, err)
	require.Len(t, all, 70)
	for _, c := range all {
		require.Regexp(t, regexp.MustCompile(`^C\d\d$`), c.ID)
		require.NotEmpty(t, c.Requirement)
		require.NotEmpty(t, c.Source)
		require.Contains(t, []cases.Level{cases.Must, cases.Should, cases.Bank}, c.Level)
	}
}

// TestUnreachableTarget: if the target does not answer, cases fail unless they need no
// target.
func TestUnreachableTarget(t *testing.T) {
	results, err := cases.Run(t.Context(), cases.Target{URL: "http://127.0.0.1:1"}, cases.Options{Only: []string{"C01", "C67"}})
	require.NoError(t, err)
	require.Equal(t, cases.Fail, results[0].Outcome)
	require.Contains(t, results[0].Detail, "refused")
	require.Equal(t, cases.Pass, results[1].Outcome)
}

// TestMissingFeatures: cases for features that a target lacks are N/A, with the reason.
func TestMissingFeatures(t *testing.T) {
	target := startReference(t, filepath.Join(t.TempDir(), "bank.db"))
	target.RADIUS, target.Restart = "", nil
	results, err := cases.Run(t.Context(), target, cases.Options{Only: []string{"C13", "C16", "C46"}})
	require.NoError(t, err)
	for _, r := range results {
		require.Equal(t, cases.NotApplicable, r.Outcome, r.ID)
		require.NotEmpty(t, r.Detail)
	}
}

func TestWrite(t *testing.T) {
	results := []cases.Result{
		{ID: "C01", Requirement: "a < b", Level: cases.Must, Source: "R62", Outcome: cases.Pass, Detail: "good"},
		{ID: "C02", Requirement: "c", Level: cases.Bank, Source: "BK-01", Outcome: cases.Fail, Detail: `"bad" & ugly`},
		{ID: "C03", Requirement: "d", Level: cases.Should, Source: "N", Outcome: cases.NotApplicable, Detail: "no"},
	}
	require.Equal(t, "3 cases: 1 PASS, 1 FAIL, 1 N/A", cases.Summary(results))
	require.Equal(t, "C01 PASS MUST   a < b: good", results[0].Line())
	var b bytes.Buffer
	require.NoError(t, cases.WriteJUnit(&b, results))
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure struct {
				Message string `xml:"message,attr"`
			} `xml:"failure"`
		} `xml:"testcase"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &suite))
	require.Equal(t, []int{3, 1, 1}, []int{suite.Tests, suite.Failures, suite.Skipped})
	require.Equal(t, "C01 a < b", suite.Cases[0].Name)
	require.Equal(t, `"bad" & ugly`, suite.Cases[1].Failure.Message)
}
