// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator/server"
)

// makeCertificate makes a certificate of its own authority with openssl, such as for
// DNS:rig.example,IP:127.0.0.1.
func makeCertificate(t *testing.T, dir, names string) {
	t.Helper()
	args := []string{
		"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=fleet",
		"-keyout", filepath.Join(dir, "key"), "-out", filepath.Join(dir, "crt"),
	}
	if names != "" {
		args = append(args, "-addext", "subjectAltName="+names)
	}
	out, err := exec.Command(tooltest.Find(t, "openssl"), args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, os.Chmod(filepath.Join(dir, "key"), 0o600))
}

// TestAPIHosts checks the URLs of the ready line, and the host names that are served.
func TestAPIHosts(t *testing.T) {
	machine, err := os.Hostname()
	require.NoError(t, err)
	hosts := func(addr, names string, more ...string) *apiHosts {
		t.Helper()
		h := &httpFlags{addr: addr, hosts: more}
		if names == "none" {
			return newAPIHosts(h, nil)
		}
		dir := t.TempDir()
		makeCertificate(t, dir, names)
		c, err := server.LoadCertificate(filepath.Join(dir, "crt"), filepath.Join(dir, "key"))
		require.NoError(t, err)
		return newAPIHosts(h, c)
	}
	at := func(ip string) *net.TCPAddr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 8443} }

	require.Equal(t, []string{"http://127.0.0.1:8443"}, hosts("127.0.0.1:0", "none").urls(at("127.0.0.1")))
	require.Equal(t, "http://127.0.0.1:8443", hosts("localhost:0", "none").urls(at("127.0.0.1"))[0])
	require.Equal(t, []string{"http://[::1]:8443"}, hosts("[::1]:0", "none").urls(at("::1")))

	h := hosts("0.0.0.0:8443", "DNS:localhost,DNS:*.lab.example,DNS:rig.example,IP:127.0.0.1,IP:192.0.2.7,IP:2001:db8::7")
	require.Equal(t, []string{
		"https://rig.example:8443", "https://192.0.2.7:8443", "https://[2001:db8::7]:8443",
		"https://localhost:8443", "https://127.0.0.1:8443",
	}, h.urls(at("0.0.0.0")), "the certificate's, and loopback last")
	for _, host := range []string{"rig.example", "RIG.EXAMPLE", "a.lab.example", "192.0.2.7", "2001:db8::7", machine, strings.ToUpper(machine)} {
		require.True(t, h.known(host), host)
	}
	for _, host := range []string{"", "evil.example", "lab.example", "a.b.lab.example", "192.0.2.8", "2001:db8::8", machine + ".evil.example", "0.0.0.0"} {
		require.False(t, h.known(host), host)
	}

	// The listener has another address than the certificate.
	require.Equal(t, []string{"https://rig.example:8443"}, hosts("127.0.0.1:8443", "DNS:rig.example").urls(at("127.0.0.1")))
	require.Equal(t, "https://127.0.0.1:8443", hosts("127.0.0.1:8443", "IP:127.0.0.1,DNS:rig.example").urls(at("127.0.0.1"))[0])
	// A certificate without names is for no host: the machine's are all that is left.
	none := hosts("[::]:8443", "").urls(at("::"))
	require.Equal(t, "https://"+machine+":8443", none[0])
	require.Contains(t, none, "https://127.0.0.1:8443")
	require.NotContains(t, strings.Join(none, " "), "[::]")
	require.False(t, hosts("127.0.0.1:8443", "DNS:rig.example").known(machine), "on one address only")

	h = hosts("0.0.0.0:8443", "DNS:*.lab.example", "nat.lab.example", "203.0.113.9")
	require.Equal(t, []string{"https://nat.lab.example:8443"}, h.urls(at("0.0.0.0")))
	require.True(t, h.known("203.0.113.9"))
	for _, wrong := range []string{"rig.example:8443", "https://rig.example", "a/b"} {
		require.ErrorContains(t, (&httpFlags{addr: "127.0.0.1:0", hosts: []string{wrong}}).check(t.Context(), nil), "--http-host "+wrong)
	}
	require.NoError(t, (&httpFlags{addr: "127.0.0.1:0", hosts: []string{"2001:db8::7", "rig.example"}}).check(t.Context(), nil))
}

// TestHTTPS reaches a fleet with curl, Go and fob under the names of a certificate that
// openssl has made. SIGHUP replaces the certificate, and broken handshakes are lines of
// the log.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	curl := tooltest.Find(t, "curl")
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	makeCertificate(t, dir, "DNS:rig.example,IP:127.0.0.1")
	require.NoError(t, os.WriteFile(path("api"), []byte("a-key-for-the-API-of-the-test\n"), 0o600))
	var log logged
	cmd, r := startFleet(t, &log, "--ready", "--tcp", "127.0.0.1:0", "--http", "0.0.0.0:0",
		"--http-cert", path("crt"), "--http-key", path("key"), "--api-key-file", path("api"))
	base, err := url.Parse(r.URL)
	require.NoError(t, err)
	require.Equal(t, "rig.example", base.Hostname())
	local := "https://127.0.0.1:" + base.Port()
	require.Equal(t, []string{r.URL, local}, r.URLs)

	machine, err := os.Hostname()
	require.NoError(t, err)
	ask := func(url string, more ...string) string {
		t.Helper()
		for _, name := range []string{"rig.example", "new.example", "evil.example", machine} {
			more = append(more, "--connect-to", name+"::127.0.0.1:")
		}
		out, _ := exec.Command(curl, append([]string{
			"--silent", "--cacert", path("crt"), "--output", path("body"),
			"--write-out", "%{http_code} %{exitcode}", url + "/v1/healthz",
		}, more...)...).Output()
		return string(out)
	}
	for _, u := range r.URLs {
		require.Equal(t, "200 0", ask(u))
	}
	require.Equal(t, "421 0", ask(local, "--header", "Host: evil.example"))
	require.Equal(t, "421 0", ask("https://evil.example:"+base.Port(), "--insecure"))
	require.Equal(t, "200 0", ask("https://"+machine+":"+base.Port(), "--insecure"))
	require.Contains(t, ask(local, "--tls-max", "1.1"), "000 ")

	// Every address of the machine is served, and not only the certificate's.
	for _, a := range machineAddresses(true) {
		require.Equal(t, "200 0", ask("https://"+a+":"+base.Port(), "--insecure"), a)
	}

	code, out, errs := fob(t, "", "fleet", "ls", "--url", local, "--api-key-file", path("api"), "--cacert", path("crt"))
	require.Zero(t, code, errs)
	require.Contains(t, out, "ZZFB00000001")
	code, _, errs = fob(t, "", "fleet", "ls", "--url", local, "--api-key-file", path("api"))
	require.Equal(t, exitNoConnect, code)
	require.Contains(t, errs, "signed by unknown authority: name the file of the fleet's certificate, or of its authority's, in FOB_CACERT")
	code, _, errs = fob(t, "", "fleet", "ls", "--url", "https://localhost:"+base.Port(), "--api-key-file", path("api"), "--cacert", path("crt"))
	require.Equal(t, exitNoConnect, code)
	require.Contains(t, errs, "use a name or an address of the certificate")
	code, _, errs = fob(t, "", "fleet", "ls", "--url", local, "--api-key-file", path("api"), "--cacert", path("key"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "has no certificate in PEM")
	for _, env := range []string{"FOB_CACERT", "SSL_CERT_FILE"} {
		run := exec.Command("fob", "fleet", "ls", "--url", local, "--api-key-file", path("api"))
		run.Env = append(os.Environ(), env+"="+path("crt"))
		text, err := run.CombinedOutput()
		require.NoError(t, err, "%s: %s", env, text)
	}

	overHTTPS(t, dir, local)

	_, err = tls.Dial("tcp", "127.0.0.1:"+base.Port(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	require.ErrorContains(t, err, "protocol version")
	require.Eventually(t, func() bool {
		return strings.Contains(log.String(), `"level":"WARN","msg":"http: TLS handshake error`)
	}, patience, 10*time.Millisecond)
	for line := range strings.Lines(log.String()) {
		require.True(t, json.Valid([]byte(line)), line)
	}

	// Another certificate, with another name.
	require.Equal(t, "421 0", ask("https://new.example:"+base.Port(), "--insecure"))
	makeCertificate(t, dir, "DNS:new.example,IP:127.0.0.1")
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "certificate replaced") }, patience, 10*time.Millisecond)
	require.Equal(t, "200 0", ask("https://new.example:"+base.Port()))
	require.Equal(t, "421 0", ask("https://rig.example:"+base.Port(), "--insecure"))

	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	c := &control.Client{URL: local, Key: "a-key-for-the-API-of-the-test"}
	roots, err := (&fleetFlags{caFile: path("crt")}).roots(local)
	require.NoError(t, err)
	c.HTTP = control.NewHTTPClient(roots)
	require.NoError(t, c.Do(ctx, http.MethodGet, "/v1/time", nil, nil))
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	c.URL = "https" + strings.TrimPrefix(plain.URL, "http")
	require.ErrorContains(t, c.Do(ctx, http.MethodGet, "/v1/time", nil, nil), "the fleet has no certificate: use http://")

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), log.String())
}

// overHTTPS runs a scenario with the fleet at a URL, also through a command of the
// scenario, and a bank with the fleet's clock. The folder has the certificate and the
// files of TestHTTPS.
func overHTTPS(t *testing.T, dir, fleet string) {
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path(name), []byte(text), 0o600))
	}
	write("code.yaml", `steps:
- new: {ready: true, crystal: perfect}
- expect-code: {window: 0, passes: true}
- exec: {run: ["${fob}", fleet, show, "${serial}"], stdout: "${serial}"}
`)
	run := exec.Command("fob", "scenario", "run", path("code.yaml"), "--url", fleet, "--api-key-file", path("api"), "--cacert", path("crt"))
	text, err := run.CombinedOutput()
	require.NoError(t, err, "%s", text)
	require.Contains(t, string(text), "3 of 3 steps")
	code, _, errs := fob(t, "", "scenario", "run", path("code.yaml"), "--url", fleet, "--api-key-file", path("api"))
	require.Equal(t, exitNoConnect, code)
	require.Contains(t, errs, "signed by unknown authority")

	write("pw", "correct horse battery\n")
	init := []string{"validator", "init", "--db", path("bank.db"), "--key-file", path("bank.key"), "--test-mode", "--first-clerk", "tanaka", "--password-file", path("pw")}
	code, out, errs := fob(t, "", init...)
	require.Zero(t, code, out+errs)
	serve := []string{
		"validator", "serve", "--db", path("bank.db"), "--key-file", path("bank.key"), "--listen", "127.0.0.1:0",
		"--test-mode", "--follow", fleet, "--follow-key-file", path("api"),
	}
	code, _, errs = fob(t, "", serve...)
	require.Equal(t, exitNoConnect, code)
	require.Contains(t, errs, "signed by unknown authority")
	fleetTime := func() time.Time {
		t.Helper()
		code, out, errs := fob(t, "", "fleet", "time", "--url", fleet, "--api-key-file", path("api"), "--cacert", path("crt"), "--json")
		require.Zero(t, code, errs)
		var now struct{ Now time.Time }
		require.NoError(t, json.Unmarshal([]byte(out), &now))
		return now.Now
	}
	before := fleetTime()
	var log logged
	var ready serving
	cmd := startProgram(t, &log, &ready, append(serve, "--follow-cacert", path("crt"))...)
	require.WithinRange(t, ready.Now, before.Truncate(time.Second), fleetTime())
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), log.String())
}
