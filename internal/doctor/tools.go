// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/hostclock"
)

// tools are the programs that fob starts, with the commands that need them. One of the
// names is enough.
var tools = []struct {
	names            []string
	command, install string
}{
	{[]string{"qemu-system-riscv32"}, "fob board run", "sudo apt-get install qemu-system-misc"},
	{[]string{"bash"}, "fob board build", "sudo apt-get install bash"},
	{[]string{"go"}, "fob board build", "sudo apt-get install golang"},
	// tools/tinygo/setup.sh builds TinyGo if there is none.
	{
		[]string{"tinygo", "llvm-config-19"}, "fob board build",
		"sudo apt-get install llvm-19-dev libclang-19-dev lld-19 clang-19 liblld-19-dev",
	},
}

// tools checks which programs are installed.
func (s *System) tools(context.Context) []Result {
	var missing []Result
	var found []string
	for _, t := range tools {
		i := slices.IndexFunc(t.names, func(name string) bool {
			_, err := s.LookPath(name)
			return err == nil
		})
		if i >= 0 {
			found = append(found, t.names[i])
			continue
		}
		missing = append(missing, Result{
			Outcome: Optional, Command: t.install,
			Detail: fmt.Sprintf("%s is missing: only %s needs it", strings.Join(t.names, " or "), t.command),
		})
	}
	if len(found) > 0 {
		return append([]Result{{Outcome: OK, Detail: strings.Join(found, ", ")}}, missing...)
	}
	return missing
}

// clock checks whether the machine's clock is synchronised: the codes of tokens with a
// real clock depend on it.
func (s *System) clock(ctx context.Context) []Result {
	status, err := hostclock.Read(ctx, hostclock.Machine{LookPath: s.LookPath, Output: s.Output, Kernel: s.Kernel})
	switch {
	case err != nil:
		return []Result{{Outcome: Unknown, Detail: err.Error()}}
	case !status.Synchronised:
		return []Result{{
			Outcome: Wrong, Detail: "the clock is not synchronised, according to " + status.Source, Command: status.Advice,
		}}
	case status.Known:
		return []Result{{
			Outcome: OK, Detail: fmt.Sprintf("synchronised, according to %s: off by at most %v", status.Source, status.Error),
		}}
	}
	return []Result{{Outcome: OK, Detail: "synchronised, according to " + status.Source}}
}
