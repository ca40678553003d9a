// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// unsaved are requests that change the state of a fleet. S is a token's serial number.
var unsaved = map[string][3]string{
	"make tokens":    {"POST", "/v1/tokens", `{"count":2}`},
	"remove token":   {"DELETE", "/v1/tokens/S"},
	"change token":   {"PATCH", "/v1/tokens/S", `{"celsius":30}`},
	"press":          {"POST", "/v1/tokens/S/press"},
	"hold":           {"POST", "/v1/tokens/S/press", `{"hold":"5s"}`},
	"code":           {"GET", "/v1/tokens/S/code"},
	"skew":           {"POST", "/v1/tokens/S/skew", `{"by":"95s"}`},
	"age":            {"POST", "/v1/tokens/S/age", `{"by":"P1Y"}`},
	"temperature":    {"POST", "/v1/tokens/S/temperature", `{"celsius":30}`},
	"crystal":        {"POST", "/v1/tokens/S/crystal", `{"ppm":2}`},
	"drop":           {"POST", "/v1/tokens/S/drop"},
	"remove battery": {"POST", "/v1/tokens/S/battery", `{"do":"remove"}`},
	"faults":         {"PUT", "/v1/tokens/S/faults", `{"dead":["d0.a"]}`},
	"mend":           {"DELETE", "/v1/tokens/S/faults"},
	"advance":        {"POST", "/v1/time/advance", `{"by":"P1D"}`},
	"set clock":      {"PUT", "/v1/time", `{"paused":true}`},
	"restore":        {"POST", "/v1/snapshots/before/restore"},
	"fork":           {"POST", "/v1/snapshots/before/fork"},
}

// TestUnsaved checks that a change that cannot be saved ends the fleet, whichever
// request asks for it: the request and all later ones get the problem not_saved, Serve
// returns the error, and the files stay as they were before the change.
func TestUnsaved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be renamed")
	}
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	for name, request := range unsaved {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			store, err := fleet.OpenStore(dir, identity)
			require.NoError(t, err)
			w, err := virtual.NewWorld(virtual.Config{Seed: 7})
			require.NoError(t, err)
			f, err := fleet.New(w, fleet.Config{Store: store, Lots: []fleet.Lot{{Ready: true, Profile: "button-6"}}})
			require.NoError(t, err)
			server := httptest.NewServer(control.New(f, control.Options{Key: key}))
			c := &client{t, f, server.URL}
			served := make(chan error, 1)
			go func() { served <- f.Serve(t.Context()) }()
			c.do("POST", "/v1/snapshots", `{"name":"before"}`)
			before := filesOf(t, dir)

			require.NoError(t, os.Rename(dir, dir+".away"))
			status, b := c.send(request[0], strings.ReplaceAll(request[1], "/S", "/ZZFB00000001"), request[2])
			require.Equal(t, 500, status, "%s", b)
			var p struct{ Code, Detail string }
			require.NoError(t, json.Unmarshal(b, &p))
			require.Equal(t, "not_saved", p.Code)
			require.Contains(t, p.Detail, "saving "+dir+string(filepath.Separator))
			require.ErrorIs(t, <-served, fleet.ErrSave)

			// There is space again, but the fleet holds a change that was refused.
			require.NoError(t, os.Rename(dir+".away", dir))
			for _, later := range []string{"/v1/tokens/ZZFB00000001", "/v1/tokens/ZZFB00000001/display", "/v1/codes", "/v1/healthz"} {
				c.refused(500, "not_saved", "GET", later, "")
			}
			require.ErrorIs(t, f.Save(), fleet.ErrSave)
			require.Equal(t, before, filesOf(t, dir))
			server.Close()
			require.NoError(t, f.Close())
			require.NoError(t, store.Close())
		})
	}
}

// filesOf returns the contents of a folder's files.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(b)
	}
	return files
}
