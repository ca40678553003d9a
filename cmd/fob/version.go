// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
)

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Firmware string `json:"firmware"`
				Protocol int    `json:"protocol"`
				Module   string `json:"module"`
				Go       string `json:"go"`
				System   string `json:"system"`
			}{firmware.Version, serialproto.ProtocolVersion, moduleVersion(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			return a.print(v, fmt.Sprintf("fob %s, firmware %s, protocol %d, %s %s\n",
				v.Module, v.Firmware, v.Protocol, v.Go, v.System))
		},
	}
}

// moduleVersion is the version that this program was built as.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
