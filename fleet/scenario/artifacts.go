// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/atomicfile"
)

// The files of a failure.
const (
	failureFile     = "failure.txt"
	failureSnapshot = "failure.bin"
	repeatFile      = "repeat.sh"
	eventsFile      = "events.jsonl"
)

// keepArtifacts writes the files of a failure, and returns their folder.
func (r *runner) keepArtifacts(failure error) (err error) {
	dir := r.Artifacts
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the artifacts: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), time.Minute)
	defer cancel()
	old := r.ctx
	r.ctx = ctx
	defer func() { r.ctx = old }()

	// Each of them is written even if another fails.
	errs := []error{
		put(filepath.Join(dir, failureFile), []byte(failure.Error()+"\n"), 0o600),
		put(filepath.Join(dir, repeatFile), []byte(r.repeat()), 0o700),
		r.keepEvents(filepath.Join(dir, eventsFile)), r.keepDisplays(dir), r.keepSnapshots(dir), r.keepOutputs(dir),
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("writing the artifacts: %w", err)
	}
	return nil
}

// put writes a file, and replaces the one of an earlier failure.
func put(path string, data []byte, mode fs.FileMode) error {
	if err := atomicfile.OverwriteMode(path, data, mode); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// repeat returns a script that repeats the scenario with the same world seed.
func (r *runner) repeat() string {
	seed := strconv.FormatUint(r.seed, 10)
	if r.Shared {
		return "#!/bin/sh\n# The fleet must be started anew, with fob run --world-seed " + seed + ".\n" + r.Repeat + "\n"
	}
	return "#!/bin/sh\n" + r.Repeat + " --world-seed " + seed + "\n"
}

func (r *runner) keepEvents(path string) error {
	err := r.log.follow(r)
	if _, seekErr := r.log.file.Seek(0, io.SeekStart); seekErr != nil {
		return errors.Join(err, seekErr)
	}
	f, createErr := atomicfile.Create(path)
	if createErr != nil {
		return errors.Join(err, createErr)
	}
	_, copyErr := io.Copy(f, r.log.file)
	if copyErr == nil {
		copyErr = f.Replace()
	}
	if err = errors.Join(err, atomicfile.Cause(copyErr), f.Discard()); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// keepDisplays writes the display of each token that has a name.
func (r *runner) keepDisplays(dir string) error {
	var errs []error
	for _, name := range r.names {
		b, err := r.Fleet.Bytes(r.ctx, http.MethodGet, tokenPath(r.tokens[name], "/display"), nil, "image/png")
		if err == nil {
			err = put(filepath.Join(dir, "display-"+name+".png"), b, 0o600)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// atFailure is the name of the snapshot that is taken at a failure. The names in a file
// begin with a letter.
const atFailure = "_failure"

// keepSnapshots writes the snapshots of the scenario and one of the failure. It writes
// none if the fleet does not give out seeds.
func (r *runner) keepSnapshots(dir string) error {
	var errs []error
	for _, name := range r.snapshots {
		errs = append(errs, r.keepSnapshot(name, filepath.Join(dir, "snapshot-"+name+".bin")))
	}
	if len(r.mine) > 0 {
		err := r.takeSnapshot(atFailure, nil)
		if err == nil {
			err = r.keepSnapshot(atFailure, filepath.Join(dir, failureSnapshot))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// keepSnapshot writes a snapshot, unless the fleet does not give out seeds.
func (r *runner) keepSnapshot(name, path string) error {
	b, err := r.Fleet.Bytes(r.ctx, http.MethodGet, snapshotPath(r.traces.prefix+name, ""), nil, "*/*")
	if refused := (*control.RefusedError)(nil); errors.As(err, &refused) && refused.Code == "seeds_refused" {
		return nil
	}
	if err != nil {
		return err
	}
	return put(path, b, 0o600)
}

// keepOutputs writes the output of the commands in the background.
func (r *runner) keepOutputs(dir string) error {
	var errs []error
	for i, p := range r.procs {
		text := r.mask(p.stdout.String()) + r.mask(p.stderr.String())
		name := fmt.Sprintf("exec-%d-%s.txt", i+1, filepath.Base(p.name))
		errs = append(errs, put(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return errors.Join(errs...)
}
