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
		Use:     "version",
		Short:   "Print the version",
		Example: `  fob version --json`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.print(versionResult{
				firmware.Version, serialproto.ProtocolVersion, moduleVersion(), runtime.Version(), system,
			}, versionText())
		},
	}
}

const system = runtime.GOOS + "/" + runtime.GOARCH

// versionResult is the output of fob version.
type versionResult struct {
	Firmware string `json:"firmware"`
	Protocol int    `json:"protocol"`
	Module   string `json:"module"`
	Go       string `json:"go"`
	System   string `json:"system"`
}

// versionText returns the output of fob version and fob --version.
func versionText() string {
	return fmt.Sprintf("fob %s, firmware %s, protocol %d, %s %s\n",
		moduleVersion(), firmware.Version, serialproto.ProtocolVersion, runtime.Version(), system)
}

// moduleVersion returns the version as which this program was built.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// build describes this program for the metrics. The revision is "unknown" if the build
// did not record one, as outside of a repository.
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
