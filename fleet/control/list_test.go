// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// listed returns the tags of the tokens that a query selects, over all pages.
func (c *client) listed(query string) (tags []int) {
	c.t.Helper()
	for after := ""; ; {
		page := c.do("GET", "/v1/tokens?limit=2&"+query+after, "")
		for _, item := range page["items"].([]any) {
			tags = append(tags, int(item.(object)["tag"].(float64)))
		}
		next, ok := page["next"].(string)
		if !ok {
			return tags
		}
		after = "&after=" + next
	}
}

func TestListByLotAndFault(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	c.make(`{"count":3,"ready":true}`)
	c.make(`{"count":3,"name":"aged","profile":"button-6"}`)
	c.make(`{"count":1,"name":"aged","ready":true}`)
	require.Equal(t, []int{1, 2, 3}, c.listed("lot=1"))
	require.Equal(t, []int{4, 5, 6, 7}, c.listed("lot=aged"))
	require.Equal(t, []int{7}, c.listed("lot=3"))
	require.Equal(t, []int{7}, c.listed("lot=aged&state=locked"))
	require.Empty(t, c.listed("fault=any"))

	names := map[int]string{}
	for _, item := range c.do("GET", "/v1/tokens", "")["items"].([]any) {
		names[int(item.(object)["tag"].(float64))] = item.(object)["hardware_id"].(string)
	}
	put := func(tag int, body string) { c.do("PUT", "/v1/tokens/"+names[tag]+"/faults", body) }
	put(2, `{"dead":["d0.g"]}`)
	put(3, `{"ghost":["d0.g"],"flash_fail":true}`)
	put(4, `{"power_cut_at":2}`)
	put(7, `{"dead":["d1.g"]}`)
	port := c.do("POST", "/v1/tokens/"+names[6]+"/ports", `{"as":"tcp"}`)["id"].(string)
	c.do("PUT", "/v1/ports/"+port+"/faults", `{"in":{"drop":0.5}}`)
	for query, want := range map[string][]int{
		"fault=any": {2, 3, 4, 6, 7}, "fault=dead": {2, 7}, "fault=ghost": {3}, "fault=flash_fail": {3},
		"fault=power_cut_at": {4}, "fault=line": {6}, "fault=any&lot=aged": {4, 6, 7}, "fault=dead&lot=1": {2},
		"fault=any&model=button-6": {4, 6},
	} {
		require.Equal(t, want, c.listed(query), query)
	}
	put(2, `{"dead":[]}`)
	require.Equal(t, []int{7}, c.listed("fault=dead"))
}

// TestListBefore: the last tokens before a tag, in the same order as after one, also if
// some were removed.
func TestListBefore(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	c.make(`{"count":5,"name":"odd"}`)
	c.make(`{"count":5}`)
	c.make(`{"count":5,"name":"odd","profile":"button-6"}`)
	items := c.do("GET", "/v1/tokens", "")["items"].([]any)
	for _, i := range []int{2, 6, 14} { // the tags 3, 7 and 15
		c.do("DELETE", "/v1/tokens/"+items[i].(object)["hardware_id"].(string), "")
	}
	for query, want := range map[string][]int{
		"before=4294967295&limit=3": {12, 13, 14}, "before=12&limit=4": {8, 9, 10, 11}, "before=5&limit=4": {1, 2, 4},
		"before=1": {}, "before=15&lot=odd&limit=4": {11, 12, 13, 14}, "before=13&lot=odd&limit=4": {4, 5, 11, 12}, "before=2&lot=2": {},
		"before=12&model=always-on-6&limit=2": {9, 10},
	} {
		page := c.do("GET", "/v1/tokens?"+query, "")
		got := []int{}
		for _, item := range page["items"].([]any) {
			got = append(got, int(item.(object)["tag"].(float64)))
		}
		require.Equal(t, want, got, query)
		require.NotContains(t, page, "next")
	}
	c.refused(422, "invalid", "GET", "/v1/tokens?before=5&after=2", "")
	c.refused(422, "invalid", "GET", "/v1/tokens?before=5&lot=none", "")
}

// TestListFind: a part of a serial number finds a token, in any case. A part of a hardware
// id finds only tokens without a serial number.
func TestListFind(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	c.make(`{"count":20,"ready":true}`)
	made := c.do("POST", "/v1/tokens", `{"count":1}`)["items"].([]any)
	blank := made[0].(object)["hardware_id"].(string)
	require.Equal(t, []int{16, 17, 18, 19, 20}, c.listed("find=zzfb0000001"))
	require.Equal(t, []int{10}, c.listed("find=B0000000A"))
	require.Equal(t, []int{21}, c.listed("find="+strings.ToUpper(blank[3:12])))
	ready := c.do("GET", "/v1/tokens/ZZFB00000005", "")["hardware_id"].(string)
	require.Equal(t, []int{5}, c.listed("find="+ready))
	require.Empty(t, c.listed("find="+ready[:12]))
	require.Empty(t, c.listed("find=none"))
}

// TestNames: states are read in any case, and an unknown name is refused with those that
// exist.
func TestNames(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	for _, state := range []string{"LOCKED", "locked", "Locked"} {
		require.Equal(t, []int{1}, c.listed("state="+state))
		c.do("GET", at+"/wait?state="+state, "")
	}
	c.do("GET", "/v1/events?kind=MADE", "")
	can := c.do("GET", "/v1/capabilities", "")
	for _, r := range []struct{ method, path, body, known string }{
		{"GET", "/v1/tokens?state=FOO", "", "states"}, {"GET", at + "/wait?state=FOO", "", "states"},
		{"GET", at + "/wait?event=FOO", "", "events"}, {"GET", "/v1/events?kind=FOO", "", "events"},
		{"GET", "/v1/tokens?model=FOO", "", "profiles"}, {"POST", "/v1/tokens", `{"profile":"FOO"}`, "profiles"},
		{"POST", "/v1/tokens", `{"crystal":"FOO"}`, "crystals"}, {"GET", "/v1/tokens?fault=FOO", "", "faults"},
		{"POST", at + "/ports", `{"as":"FOO"}`, "ports"},
	} {
		status, b := c.send(r.method, r.path, r.body)
		require.Equal(t, 422, status, "%s", b)
		var p struct {
			Detail string
			Errors []struct{ Message string }
		}
		require.NoError(t, json.Unmarshal(b, &p))
		text := p.Detail
		for _, e := range p.Errors {
			text += e.Message
		}
		require.NotEmpty(t, can[r.known])
		for _, name := range can[r.known].([]any) {
			require.Contains(t, text, name, "%s %s", r.method, r.path)
		}
	}
	status, b := c.send("GET", "/v1/tokens?lot=FOO", "")
	require.Equal(t, 422, status)
	require.Contains(t, string(b), `there is no lot \"FOO\": there are 1, such as 1`)
}

// TestLimitsAgree: the description has the limits of the hardware and of a lot.
func TestLimitsAgree(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	refused := func(path, body, want string) {
		status, b := c.send("POST", path, body)
		require.Equal(t, 422, status, "%s", b)
		require.Contains(t, string(b), want)
	}
	for _, path := range []string{"/temperature", "/age"} {
		by := `,"by":"P1D"`
		if path == "/temperature" {
			by = ""
		}
		c.do("POST", at+path, `{"celsius":`+number(virtual.MinTemperature)+by+`}`)
		c.do("POST", at+path, `{"celsius":`+number(virtual.MaxTemperature)+by+`}`)
		refused(at+path, `{"celsius":-60.001`+by+`}`, number(virtual.MinTemperature))
		refused(at+path, `{"celsius":125.001`+by+`}`, number(virtual.MaxTemperature))
		refused(at+path, `{"celsius":1e300`+by+`}`, number(virtual.MaxTemperature))
	}
	c.do("POST", at+"/crystal", `{"ppm":-0}`)
	for _, ppm := range []string{"-25000", "25000"} {
		c.do("POST", at+"/crystal", `{"ppm":`+ppm+`}`)
		c.do("POST", "/v1/tokens", `{"ppm":`+ppm+`}`)
	}
	refused(at+"/crystal", `{"ppm":25000.1}`, "25000")
	refused("/v1/tokens", `{"ppm":25000.1}`, "-25000 to 25000")
	refused(at+"/skew", `{"by":"P201Y"}`, "want -200 years to 200 years")
	status, b := c.send("PUT", "/v1/time", `{"mode":"scaled","rate":1e10}`)
	require.Equal(t, 422, status)
	require.Contains(t, string(b), "want 0.001 to 1000000000")
}

func number[T ~float64 | ~float32](v T) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// BenchmarkList measures filters on a million tokens: those that find none or few, and
// those that find all, page by page. The metric xlot is the time in relation to the list
// of a lot that finds as many.
func BenchmarkList(b *testing.B) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(b, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Count: fleet.MaxCount - 10, Ready: true}, {Count: 10, Name: "few"}}})
	require.NoError(b, err)
	defer f.Close()
	handler := control.New(f, control.Options{Key: key})
	for _, of := range [][]url.Values{
		{{"lot": {"few"}}, {"state": {"WIPED"}}, {"state": {"BLANK"}}, {"fault": {"any"}}, {"model": {"button-8"}}, {"serial": {"NONE"}}, {"find": {"NONE"}}, {"battery_below": {"0.1"}}},
		{{"lot": {"1"}, "limit": {"1000"}, "after": {"900000"}}, {"state": {"LOCKED"}, "limit": {"1000"}, "after": {"900000"}}},
	} {
		var ofLot float64
		for _, query := range of {
			b.Run(strings.ReplaceAll(query.Encode(), "&", ","), func(b *testing.B) {
				for b.Loop() {
					require.Equal(b, 200, serve(handler, "/v1/tokens?"+query.Encode()))
				}
				each := b.Elapsed().Seconds() / float64(b.N)
				if query.Has("lot") {
					ofLot = each
				}
				b.ReportMetric(each/ofLot, "xlot")
			})
		}
	}
}

// serve returns the status of the answer to a GET request.
func serve(h http.Handler, path string) int {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+key)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer.Code
}
