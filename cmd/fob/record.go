// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// recordFlags are the flags for the seed file in which a token is recorded after
// provisioning.
type recordFlags struct {
	path, to string
	encryption
}

func (r *recordFlags) add(f *pflag.FlagSet) {
	f.StringVar(&r.path, "record", "", "add the token to the seed file `FILE` once it has proved that it holds the seed; created if needed")
	f.StringVar(&r.to, "record-format", "", "`FORMAT` of that file (see fob seeds --help); default: by the file's extension, or pskc")
	r.encryption.add(f)
}

// format returns the format to write: the one given by a flag, or the first format with
// the extension of the file. Files with the extension .xml are PSKC, which is common.
func (r *recordFlags) format() (*seedfile.Format, error) {
	extension := strings.ToLower(filepath.Ext(r.path))
	if r.to == "" && extension != ".xml" {
		for _, f := range seedfile.Formats() {
			if f.Extension == extension && f.Writable() && f.Readable() {
				return f, nil
			}
		}
	}
	return seedfile.FormatByName(cmp.Or(r.to, "pskc"))
}

// record is a seed file to which a token is being added. The complete new file is
// written beside the old one before the device is accessed. Once the token has proved
// that it holds the seed, only a rename remains.
type record struct {
	app    *app
	format *seedfile.Format
	path   string
	file   *output
	writer seedfile.Writer
	tail   *readerWithLast // the records read so far
	reader seedfile.Reader // reads tail and rejects duplicates
	lock   *flock.Flock
	done   bool
}

// readerWithLast reads the records of a file, followed by one more.
type readerWithLast struct {
	seedfile.Reader
	last *seedfile.Record
}

func (t *readerWithLast) Read() (seedfile.Record, error) {
	if t.Reader != nil {
		r, err := t.Reader.Read()
		if !errors.Is(err, io.EOF) {
			return r, err
		}
		t.Reader = nil
	}
	if t.last == nil {
		return seedfile.Record{}, io.EOF
	}
	r := *t.last
	t.last = nil
	return r, nil
}

func (t *readerWithLast) Line() int {
	if t.Reader == nil {
		return 0
	}
	return t.Reader.Line()
}

// start opens the file, copies its tokens, and locks it against other processes until
// close. It returns nil if the flag is not given. The profile is for formats that do
// not specify it completely.
func (r *recordFlags) start(ctx context.Context, a *app, p token.Profile) (_ *record, err error) {
	if r.path == "" {
		if r.to != "" || r.encryption != (encryption{}) {
			return nil, usagef("nothing would be recorded: name a file with --record")
		}
		return nil, nil
	}
	if r.path == "-" {
		return nil, usagef("--record -: want a file: a record cannot go to standard output")
	}
	rec := &record{app: a, path: r.path}
	if rec.format, err = r.format(); err != nil {
		return nil, err
	}
	write, err := r.options(ctx, a, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			rec.close()
		}
	}()
	if rec.lock, err = lockFile(ctx, r.path); err != nil {
		return nil, err
	}
	if rec.file, err = a.create(r.path, true); err != nil {
		return nil, err
	}
	if rec.writer, err = rec.format.NewWriter(rec.file, write); err != nil {
		return nil, err
	}
	read := seedfile.ReadOptions{Step: p.Step, Digits: p.Digits, Algorithm: p.Algorithm, AllowShort: true}
	if e := write.Encrypt; e != nil {
		read.Keys = seedfile.Keys{Key: e.Key, Password: e.Password}
	}
	return rec, rec.copyOld(ctx, read)
}

// copyOld copies the tokens in the old file.
func (r *record) copyOld(ctx context.Context, o seedfile.ReadOptions) error {
	r.tail = &readerWithLast{}
	r.reader = seedfile.Unique(r.tail, r.format.Name)
	f, err := os.Open(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return usagef("adding to the record: %w", err)
	}
	defer f.Close()
	if r.tail.Reader, err = r.format.NewReader(f, o); err != nil {
		return fmt.Errorf("adding to %s: %w%s", r.path, err, r.hint(err))
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, err := r.reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = r.writer.Write(&rec)
			rec.Seed.Destroy()
		}
		if err != nil {
			return fmt.Errorf("adding to %s: %w%s", r.path, atomicfile.Cause(err), r.hint(err))
		}
	}
}

func (r *record) hint(err error) string {
	switch {
	case errors.Is(err, seedfile.ErrNoKey):
		return " (use --to-key-file or --to-password-file; a file encrypted with --recipient holds only one token)"
	case isContent(err):
		return fmt.Sprintf(" (the file is read as %s; --record-format selects another format)", r.format.Name)
	}
	return ""
}

// add writes the token and the rest of the file to disk. close removes the file unless
// commit has been called.
func (r *record) add(rec seedfile.Record) error {
	if lost := r.format.Lost(&rec); lost != 0 {
		r.app.warnf("%s cannot store these fields of the token's record: %s", r.format.Name, lost)
	}
	r.tail.last = &rec
	checked, err := r.reader.Read()
	if err == nil {
		err = r.writer.Write(&checked)
	}
	if err == nil {
		err = r.writer.Close()
	}
	if err == nil {
		err = r.file.Flush()
	}
	if err == nil {
		err = r.file.file.Sync()
	}
	if err != nil {
		if errors.Is(err, seedfile.ErrDuplicate) {
			return fmt.Errorf("adding to %s: %w: name another file with --record", r.path, err)
		}
		return fmt.Errorf("writing %s: %w", r.path, atomicfile.Cause(err))
	}
	return nil
}

// commit moves the file to its path. If that fails, the new file stays where it is,
// because the token holds the seed recorded there.
func (r *record) commit() error {
	r.done = true
	if err := r.file.file.Replace(); err != nil {
		return fmt.Errorf("writing %s: %w: the token is provisioned, and its record is in %s", r.path, err, r.file.file.Name())
	}
	return nil
}

// close removes the new file unless commit has moved it, and releases the lock.
func (r *record) close() {
	if r == nil {
		return
	}
	if r.file != nil && !r.done {
		_ = r.file.file.Discard()
	}
	if r.lock != nil {
		os.Remove(r.lock.Path())
		_ = r.lock.Unlock()
	}
}

// lockFile waits until no other process is adding to the file. The lock is a separate
// file beside it, because the file itself is replaced by a rename.
func lockFile(ctx context.Context, path string) (*flock.Flock, error) {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	for {
		lock := flock.New(name, flock.SetPermissions(0o600))
		if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, usagef("writing %s: %w", path, atomicfile.Cause(err))
		}
		held, err := lock.Stat()
		now, e := os.Stat(name)
		if err == nil && e == nil && os.SameFile(held, now) {
			return lock, nil
		}
		_ = lock.Unlock() // its owner has removed the lock file meanwhile
	}
}
