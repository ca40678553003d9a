// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/validator/metrics"
)

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.print(versionResult{
				firmware.Version, serialproto.ProtocolVersion, moduleVersion(), runtime.Version(), system,
			}, versionText())
		},
	}
}

const system = runtime.GOOS + "/" + runtime.GOARCH

// versionResult is what fob version prints.
type versionResult struct {
	Firmware string `json:"firmware"`
	Protocol int    `json:"protocol"`
	Module   string `json:"module"`
	Go       string `json:"go"`
	System   string `json:"system"`
}

// versionText is the line of fob version and fob --version.
func versionText() string {
	return fmt.Sprintf("fob %s, firmware %s, protocol %d, %s %s\n",
		moduleVersion(), firmware.Version, serialproto.ProtocolVersion, runtime.Version(), system)
}

// moduleVersion is the version that this program was built as.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// build is this program for its metrics; "unknown" is a revision that was not built
// in, as in a build outside of a repository.
func build() metrics.Build {
	b := metrics.Build{Version: moduleVersion(), Revision: "unknown", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	return b
}
