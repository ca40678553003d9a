// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"context"
	"net/http"
)

// Target is a bank that is accessed over the network.
type Target struct {
	// URL is the address of its HTTP interface, without /v1: "http://127.0.0.1:8080".
	URL string

	// CheckKey and ClerkKey are API keys with these roles.
	CheckKey, ClerkKey string

	// RADIUS is HOST:PORT, or "" for none. RADIUSSecret is the shared secret.
	RADIUS       string
	RADIUSSecret []byte

	// Restart stops the target and starts it again, at the same addresses. State that
	// is only in memory must be lost. nil means that a restart is not possible.
	Restart func(context.Context) error

	// Client sends the requests. If nil, the cases create their own.
	Client *http.Client
}
