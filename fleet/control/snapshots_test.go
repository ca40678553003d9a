// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// damages are values that replace one value of a snapshot; removed leaves it out.
var damages = []any{removed, nil, -1, 0, 1, 255, 1 << 40, -1e300, 1e300, 0.5, "", "x", "AAAA", true, []any{}, []any{nil}, []any{1, 2, 3}, map[string]any{}}

var removed = new(struct{})

// TestDamagedSnapshots puts snapshots with one wrong value, for each value in the file and
// in a token's data. A snapshot is refused when it is put, or can be restored and forked,
// and its tokens can be used.
func TestDamagedSnapshots(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Ready: true, Profile: "button-6"}}})
	require.NoError(t, err)
	defer f.Close()
	server := httptest.NewServer(control.New(f, control.Options{Key: key, AllowSeedExport: true}))
	defer server.Close()
	c := &client{t, f, server.URL}
	c.do("POST", "/v1/tokens/ZZFB00000001/press", "")
	c.do("PUT", "/v1/tokens/ZZFB00000001/faults", `{"dead":["d0.a"]}`)
	c.do("POST", "/v1/snapshots", `{"name":"good"}`)
	status, good := c.send("GET", "/v1/snapshots/good", "")
	require.Equal(t, 200, status)
	var file struct {
		Tokens []struct{ Data []byte }
	}
	require.NoError(t, json.Unmarshal(good, &file))

	put, accepted := 0, 0
	try := func(what string, snapshot []byte) {
		put++
		status, b := c.send("PUT", "/v1/snapshots/bad", string(snapshot))
		if status == 422 {
			require.Contains(t, string(b), `"code":"invalid_snapshot"`, what)
			return
		}
		require.Equal(t, 200, status, "%s: %s", what, b)
		accepted++
		for _, verb := range []string{"restore", "fork"} {
			status, b := c.send("POST", "/v1/snapshots/bad/"+verb, "")
			if verb == "restore" && slices.Contains([]int{404, 422}, status) {
				continue // it is of a token that this fleet does not have
			}
			require.Equal(t, 200, status, "%s: %s: %s", what, verb, b)
			var list struct {
				Items []struct {
					HardwareID string `json:"hardware_id"`
				}
			}
			require.NoError(t, json.Unmarshal(b, &list))
			for _, k := range list.Items {
				for _, request := range [][2]string{{"POST", "/press"}, {"GET", "/display"}, {"GET", ""}} {
					status, b := c.send(request[0], "/v1/tokens/"+k.HardwareID+request[1], "")
					require.Equal(t, 200, status, "%s: %s%s: %s", what, verb, request[1], b)
				}
				if verb == "fork" {
					c.do("DELETE", "/v1/tokens/"+k.HardwareID, "")
				}
			}
		}
		c.do("POST", "/v1/snapshots/good/restore", "")
	}
	damage(t, good, try)
	data := file.Tokens[0].Data
	damage(t, data, func(what string, b []byte) {
		encoded := base64.StdEncoding.EncodeToString
		try("data"+what, bytes.Replace(good, []byte(encoded(data)), []byte(encoded(b)), 1))
	})
	t.Logf("%d snapshots, %d were accepted", put, accepted)
	require.Greater(t, put, 1000)
}

// damage calls f with each JSON document that differs from the given one in one value.
func damage(t *testing.T, document []byte, f func(what string, b []byte)) {
	t.Helper()
	var root any
	numbers := json.NewDecoder(bytes.NewReader(document))
	numbers.UseNumber()
	require.NoError(t, numbers.Decode(&root))
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		for _, d := range damages {
			if d == removed && path == "" {
				continue
			}
			set(d)
			b, err := json.Marshal(root)
			require.NoError(t, err)
			f(fmt.Sprintf("%s = %v", path, d), b)
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				old := v[name]
				walk(path+"."+name, old, func(d any) {
					if v[name] = d; d == removed {
						delete(v, name)
					}
				})
			}
		case []any:
			for i, old := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), old, func(d any) {
					if v[i] = d; d == removed {
						v[i] = map[string]any{}
					}
				})
			}
		}
	}
	walk("", root, func(d any) { root = d })
}

// TestSnapshotNames checks that each name under which a snapshot can be kept can be
// removed: a client's library may resolve dot segments of a URL (RFC 3986 section 5.2.4).
func TestSnapshotNames(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Ready: true}}})
	require.NoError(t, err)
	defer f.Close()
	server := httptest.NewServer(control.New(f, control.Options{Key: key, AllowSeedExport: true}))
	defer server.Close()
	c := &client{t, f, server.URL}
	for _, name := range []string{"a", ".a", "a.", "a..b", "..a", "-", "_", "v1.0", "9"} {
		c.do("POST", "/v1/snapshots", `{"name":"`+name+`"}`)
		c.do("DELETE", "/v1/snapshots/"+name, "")
	}
	c.do("POST", "/v1/snapshots", `{"name":"good"}`)
	_, good := c.send("GET", "/v1/snapshots/good", "")
	for _, name := range []string{".", "..", "...", "", "a/b", "a b", "ä"} {
		c.refused(422, "invalid", "POST", "/v1/snapshots", `{"name":"`+name+`"}`)
	}
	for _, name := range []string{"%2e", "%2E%2e", "...", ".%2e"} {
		status, b := c.send("PUT", "/v1/snapshots/"+name, string(good))
		require.Contains(t, []int{404, 422}, status, "%s: %s", name, b)
	}
	require.Len(t, f.Snapshots(), 1)
}
