// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// config checks the folder in which fob keeps the key of state folders.
func (s *System) config(context.Context) []Result {
	if s.Config == "" {
		return []Result{{
			Outcome: Wrong, Detail: "there is no configuration folder, because HOME is not set: fob run --state needs --state-key",
			Command: "export HOME=~",
		}}
	}
	info, err := os.Stat(s.Config)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.missing()
	case err != nil:
		return []Result{{Outcome: Wrong, Detail: err.Error(), Command: "ls -ld " + s.Config}}
	case !info.IsDir():
		return []Result{{
			Outcome: Wrong, Detail: s.Config + " is not a folder", Command: fmt.Sprintf("mv %s %s.old", s.Config, s.Config),
		}}
	}
	key := filepath.Join(s.Config, "state.key")
	info, err = os.Stat(key)
	const others = 0o077
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := s.Access(s.Config); err != nil {
			return []Result{{Outcome: Wrong, Detail: "fob may not write to " + s.Config, Command: "sudo chown -R $USER " + s.Config}}
		}
	case err != nil:
		return []Result{{Outcome: Wrong, Detail: err.Error(), Command: "sudo chown -R $USER " + s.Config}}
	case runtime.GOOS != "windows" && info.Mode().Perm()&others != 0:
		return []Result{{
			Outcome: Wrong, Detail: fmt.Sprintf("%s: others may use it (mode %04o)", key, info.Mode().Perm()), Command: "chmod 600 " + key,
		}}
	}
	return []Result{{Outcome: OK, Detail: s.Config}}
}

// missing checks whether the folder could be made.
func (s *System) missing() []Result {
	parent := filepath.Dir(s.Config)
	for {
		_, err := os.Stat(parent)
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(parent) == parent {
			break
		}
		parent = filepath.Dir(parent)
	}
	if err := s.Access(parent); err != nil {
		return []Result{{Outcome: Wrong, Detail: "fob may not make " + s.Config, Command: "sudo chown $USER " + parent}}
	}
	return []Result{{Outcome: OK, Detail: s.Config + " is made when it is needed"}}
}
