// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
)

// TestWrongLabels name the port that they belong to, and the ports that wait.
func TestWrongLabels(t *testing.T) {
	d := newDesk(t, nil)
	session := d.cookie()
	scan := func(entry string) (int, string) {
		a, text := d.do("POST", "/stations/bench%201/labels", url.Values{"entry": {entry}}.Encode(), "Cookie", session,
			"Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "en")
		return a.StatusCode, text
	}
	_, text := scan("hello")
	require.Contains(t, text, "no port waits for hello")
	require.NotContains(t, text, "Labels are due")

	d.add(line.Event{Number: 1, Result: line.Pass, Serial: "ZZFB00000004"})
	d.add(line.Event{Number: 1, Result: line.Working, Step: line.StepCodes, Serial: "ZZFB00000003"})
	d.passes("ZZFB00000001")
	for entry, want := range map[string]string{
		"ZZFB00000003": "TOO EARLY: port 1 still works on ZZFB00000003",
		"zzfb00000003": "TOO EARLY: port 1 still works on ZZFB00000003",
		"zzfb00000004": "WRONG LABEL: zzfb00000004 was finished at port 1 before",
		"ZZFB00000009": "WRONG LABEL: no port waits for ZZFB00000009",
		"hello":        "WRONG LABEL: no port waits for hello",
		"9":            "Port 9 does not wait for a label",
	} {
		status, text := scan(entry)
		require.Equal(t, 409, status, entry)
		require.Contains(t, text, want)
		require.Contains(t, text, "Labels are due at: 2.", entry)
	}
	require.Empty(t, d.taken)
	status, text := scan("zzfb00000001")
	require.Equal(t, 200, status, text)
	require.Contains(t, text, "Label ZZFB00000001: right")
	status, text = scan("ZZFB00000001")
	require.Equal(t, 409, status)
	require.Contains(t, text, "Port 2 does not wait for ZZFB00000001")
}

// TestMissingPages are pages for people, and problems for programs.
func TestMissingPages(t *testing.T) {
	d := newDesk(t, nil)
	session := d.cookie()
	for _, path := range []string{"/nope", "/stations/station-9", "/stations/", "/stations//x", "/language"} {
		a, text := d.do("GET", path, "", "Cookie", session, "Accept", "text/html,*/*;q=0.8", "Accept-Language", "en")
		require.Equal(t, 404, a.StatusCode, path)
		require.Contains(t, a.Header.Get("Content-Type"), "text/html", path)
		require.Contains(t, text, "There is no such page")
		require.Contains(t, text, `href="/stations"`)
		a, text = d.do("GET", path, "", "Cookie", session, "Accept", "*/*")
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"), path)
		require.True(t, json.Valid([]byte(text)))
	}
	a, _ := d.do("GET", "/v1/nope", "", "Authorization", bearer, "Accept", "text/html")
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
}

// TestOrderOfStations shows the progress of the order, and the station's part of it.
func TestOrderOfStations(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	session := d.cookie()
	html := d.firstUpdate("/stations/bench%201/live", session)
	require.Contains(t, html, "<span>1 of 8</span>")
	require.NotContains(t, html, "This station", "it is the only one")
	d.orderDone.Store(5)
	html = d.firstUpdate("/stations/bench%201/live", session)
	require.Contains(t, html, "<span>5 of 8</span>")
	require.Contains(t, html, "<dt>This station</dt><dd>1</dd>")
	html = d.firstUpdate("/stations/live", session)
	require.Contains(t, html, "<span>5 of 8</span>")
	require.Contains(t, html, "<dt>Done</dt><dd>1</dd>")
}

// TestSupervisorSeesLabels shows how many ports wait for a label, and which.
func TestSupervisorSeesLabels(t *testing.T) {
	d := newDesk(t, nil)
	d.add(line.Event{Number: 1, Result: line.Pass, Serial: "ZZFB00000002"})
	d.passes("ZZFB00000001")
	html := d.firstUpdate("/stations/live", d.cookie())
	require.Contains(t, html, "<dt>Ports that wait for a label</dt><dd>1</dd>")
	require.Contains(t, html, `class="dot pass waits" title="Port 2: PASS, waits for its label"`)
	require.Contains(t, html, `class="dot pass" title="Port 1: PASS"`)
}

// TestOtherFailures are not part of the yield, which has the finished tokens only.
func TestOtherFailures(t *testing.T) {
	d := newDesk(t, nil)
	d.add(line.Event{Number: 1, Result: line.Pass, Serial: "ZZFB00000001"})
	d.add(line.Event{Number: 1, Result: line.Fail, Reason: "the device is not in the enrolment list"})
	session := d.cookie()
	for _, path := range []string{"/stations/bench%201/live", "/stations/live"} {
		html := d.firstUpdate(path, session)
		require.Contains(t, html, "<dt>Yield</dt><dd>100.0 % (1 of 1)</dd>")
		require.Contains(t, html, "<dt>Other failures</dt><dd>1</dd>")
	}
}

// TestNotices of the shared ledger are on the pages until they have ended.
func TestNotices(t *testing.T) {
	d := newDesk(t, nil)
	session := d.cookie()
	d.view.Notify(line.NoticeConflict, "ZZFB00000001 was used twice")
	d.view.Notify(line.NoticeAway, "no route to host")
	for _, path := range []string{"/stations/bench%201/live", "/stations/live"} {
		html := d.firstUpdate(path, session)
		require.Contains(t, html, "Keep both devices apart")
		require.Contains(t, html, "ZZFB00000001 was used twice")
		require.Contains(t, html, "no route to host")
	}
	d.view.Notify(line.NoticeAway, "")
	html := d.firstUpdate("/stations/live", session)
	require.NotContains(t, html, "no route to host")
	require.Contains(t, html, "was used twice")
}
