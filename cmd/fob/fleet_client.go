// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet/control"
)

// fleetFlags are the flags that name a running fleet, and their values. The environment
// has the defaults: FOB_URL, FOB_API_KEY and FOB_CACERT.
type fleetFlags struct {
	urlFlag, keyFlag, caFlag string // without --

	url, keyFile, caFile string
}

func (n *fleetFlags) add(f *pflag.FlagSet, aboutURL string) {
	f.StringVar(&n.url, n.urlFlag, "", aboutURL)
	f.StringVar(&n.keyFile, n.keyFlag, "", "`FILE` with the API key of the fleet; default: the key in FOB_API_KEY")
	f.StringVar(&n.caFile, n.caFlag, "", "PEM `FILE` with the certificate authorities to trust, or the fleet's own certificate; default: FOB_CACERT, or the system's")
}

// withoutURL returns a flag that is given although it needs a URL of the flags, "" if
// there is none.
func (n *fleetFlags) withoutURL() string {
	switch {
	case n.url != "":
	case n.keyFile != "":
		return "--" + n.keyFlag
	case n.caFile != "":
		return "--" + n.caFlag
	}
	return ""
}

// fleetClient returns the client of the fleet that the flags or the environment name.
func (a *app) fleetClient(ctx context.Context, n *fleetFlags) (*control.Client, error) {
	c := &control.Client{URL: n.url, Key: os.Getenv("FOB_API_KEY"), From: "FOB_API_KEY"}
	from := "--" + n.urlFlag
	if c.URL == "" {
		c.URL, from = os.Getenv("FOB_URL"), "FOB_URL"
	}
	switch {
	case c.URL == "":
		return nil, usagef("no fleet is given: give --%s or set FOB_URL: the address is in the ready line of fob run", n.urlFlag)
	case !c.ValidURL(): // the error does not repeat it: it may have a password
		return nil, usagef("%s: want http://HOST:PORT or https://HOST:PORT", from)
	}
	if n.keyFile != "" {
		var err error
		if c.Key, err = a.apiKey(ctx, n.keyFile); err != nil {
			return nil, err
		}
		c.From = source(n.keyFile)
	}
	if c.Key == "" {
		return nil, usagef("no API key is given: set FOB_API_KEY or give --%s: the key is in the ready line of fob run", n.keyFlag)
	}
	if err := control.CheckKey(c.Key); err != nil {
		return nil, fmt.Errorf("FOB_API_KEY: %w", err)
	}
	roots, err := n.roots(c.URL)
	if err != nil {
		return nil, err
	}
	c.HTTP = control.NewHTTPClient(roots)
	return c, nil
}

// apiKey reads the API key of a fleet from a file.
func (a *app) apiKey(ctx context.Context, path string) (string, error) {
	text, err := a.readSecret(ctx, "API key", path)
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(text))
	if err := control.CheckKey(key); err != nil {
		return "", fmt.Errorf("reading the API key in %s: %w", source(path), err)
	}
	return key, nil
}

// roots returns the certificate authorities to trust, nil for the system's.
func (n *fleetFlags) roots(url string) (*x509.CertPool, error) {
	file := n.caFile
	if file == "" && strings.HasPrefix(strings.ToLower(url), "https:") {
		file = os.Getenv("FOB_CACERT")
	}
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("reading the certificate authorities: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, usagef("reading the certificate authorities: %s has no certificate in PEM", file)
	}
	return roots, nil
}
