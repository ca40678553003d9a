// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet/control"
)

func (f *fleetCmd) pageCmd() *cobra.Command {
	return &cobra.Command{
		Use: "page", Short: "Print a link that opens the tokens in a browser", Args: noArgs,
		Long: `Print a link that opens the page of the tokens in a browser. It works once,
within an hour. The browser then stays logged in for 30 days, as long as fob run
has the same API key. Keep the link secret until it is used: it gives the rights
of the API key.`,
		Example: `  fob fleet page
  fob fleet page --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var link control.Link
			if err := f.call(cmd.Context(), http.MethodPost, "/v1/links", nil, &link); err != nil {
				return err
			}
			return f.say("%s", link.URL)
		},
	}
}
