// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"context"
	"net/http"
)

// Target is a bank that is reached over the network.
type Target struct {
	// URL is where its HTTP interface is, without /v1: "http://127.0.0.1:8080".
	URL string

	// CheckKey and ClerkKey are API keys of these roles.
	CheckKey, ClerkKey string

	// RADIUS is HOST:PORT, and RADIUSSecret what is shared; "" is none.
	RADIUS       string
	RADIUSSecret []byte

	// Restart stops the target and starts it again, so that what it keeps in
	// memory only is lost; the addresses stay. nil: that cannot be done.
	Restart func(context.Context) error

	// Client makes the requests; nil is one of its own.
	Client *http.Client
}
