// SPDX-License-Identifier: Apache-2.0

// Package export writes the delivery of an order into a folder: the encrypted seeds as
// PSKC files, the production certificate, the measurements of each unit, and a signed
// manifest with the digests of all files.
//
// An export depends only on the journal and on a signed head of its records. It can
// therefore be written again with the same bytes, until the recipients have acknowledged
// it and the seeds are deleted.
package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
)

var (
	// ErrEmpty is the error of an order without units that could be exported.
	ErrEmpty = errclass.New(errclass.Refused, "there is nothing to export")

	// ErrSeeds is the error of a journal that lacks seeds of units that are done.
	ErrSeeds = errclass.New(errclass.Failed, "the journal lacks encrypted seeds")

	// ErrExists is the error of a path that has other content than the export.
	ErrExists = errclass.New(errclass.Usage, "the folder exists already")
)

// Options describe an export.
type Options struct {
	Order string // id
	Dir   string // the new folder
	Font  []byte // TrueType font for the certificate, if its text needs one
}

// Result is an export that was written.
type Result struct {
	Manifest Manifest
	Digest   string // SHA-256 of the manifest, in hexadecimal digits; identifies the export
	Repeated bool   // the journal has the same export already
	Present  bool   // the folder had it already, and nothing was written
}

// Write writes the units of an order that are done and whose seeds are not deleted yet
// into a new folder, and records the export. The folder appears complete or not at all.
// If nothing is done since the last export, the new one has the same bytes. The error wraps
// [journal.ErrTwice] if another station has delivered one of the units, or may do so.
func Write(ctx context.Context, j *journal.Journal, o Options) (Result, error) {
	r, err := write(ctx, j, o)
	if err != nil {
		return r, fmt.Errorf("exporting order %s: %w", o.Order, err)
	}
	return r, nil
}

func write(ctx context.Context, j *journal.Journal, o Options) (Result, error) {
	info, err := j.OrderInfo(ctx, o.Order)
	if err != nil {
		return Result{}, err
	}
	exports, err := j.Exports(ctx, o.Order)
	if err != nil {
		return Result{}, err
	}
	after := int64(0)
	for _, e := range exports {
		if !e.Acknowledged.IsZero() {
			after = max(after, e.Through)
		}
	}
	switch {
	case info.Done == 0:
		return Result{}, fmt.Errorf("%w: no unit is done", ErrEmpty)
	case info.Done == after:
		return Result{}, fmt.Errorf("%w: the recipients have acknowledged all %d units, and their seeds are deleted", ErrEmpty, after)
	}
	if present, err := existing(o.Dir, exports); err != nil || present.Present {
		if err == nil && (present.Manifest.Order != o.Order || present.Manifest.Through != info.Done) {
			err = fmt.Errorf("%w: %s has an earlier export: name another folder", ErrExists, o.Dir)
		}
		return present, err
	}
	b := &builder{journal: j, options: o, info: info, after: after}
	if b.order, err = order.Parse(info.Content); err != nil {
		return Result{}, err
	}
	for _, e := range exports {
		if e.Through != info.Done || !e.Acknowledged.IsZero() {
			continue
		}
		head, found, err := j.ExportHead(ctx, e)
		if err != nil {
			return Result{}, err
		}
		if found {
			if r, done, err := b.repeat(ctx, head, e.Digest); done || err != nil {
				return r, err
			}
		}
	}
	head, err := j.SignHead(ctx, o.Order)
	if err != nil {
		return Result{}, err
	}
	return b.begin(ctx, head)
}

// existing returns the export that is in the folder, if it is one of the list and
// undamaged. A folder with other content is [ErrExists].
func existing(dir string, exports []journal.Export) (Result, error) {
	m, digest, err := Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err == nil {
			return Result{}, fmt.Errorf("%w: %s: name a new one", ErrExists, dir)
		}
		return Result{}, nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("%w: %s: name a new one", ErrExists, dir)
	}
	for _, e := range exports {
		if e.Digest == digest && len(m.Check(dir)) == 0 {
			return Result{Manifest: m, Digest: digest, Repeated: true, Present: true}, nil
		}
	}
	return Result{}, fmt.Errorf("%w: %s has an export that is damaged or of another journal: name a new one", ErrExists, dir)
}

// builder writes an export.
type builder struct {
	journal *journal.Journal
	options Options
	info    journal.OrderInfo
	order   *order.Order
	after   int64 // units up to this place were acknowledged
	head    journal.SignedHead
	state   headState
	folder  *atomicfile.Folder
	files   []File
}

// headState is the content of a signed head, as far as an export needs it.
type headState struct {
	Station string    `json:"station"`
	Order   string    `json:"order"`
	SHA256  string    `json:"order_sha256"`
	Records int64     `json:"records"`
	Head    string    `json:"head"`
	Time    time.Time `json:"time"`
	journal.Counts
}

// begin writes a new export and records it before it appears, because only a recorded export can
// be acknowledged.
func (b *builder) begin(ctx context.Context, head journal.SignedHead) (r Result, err error) {
	defer func() { err = errors.Join(err, b.discard()) }()
	if r, err = b.build(ctx, head); err != nil {
		return Result{}, err
	}
	if _, err := b.journal.Exported(ctx, b.options.Order, r.Manifest.Through, r.Digest); err != nil {
		return Result{}, err
	}
	return r, b.place()
}

// repeat writes an export that was recorded before. Done is false if the result would be
// another one.
func (b *builder) repeat(ctx context.Context, head journal.SignedHead, digest string) (r Result, done bool, err error) {
	defer func() { err = errors.Join(err, b.discard()) }()
	if r, err = b.build(ctx, head); err != nil || r.Digest != digest {
		return Result{}, false, err
	}
	r.Repeated = true
	return r, true, b.place()
}

func (b *builder) place() error {
	if err := b.folder.Place(); err != nil {
		return fmt.Errorf("writing %s: %w", b.options.Dir, err)
	}
	return nil
}

func (b *builder) discard() error {
	if b.folder == nil {
		return nil
	}
	return b.folder.Discard()
}

// build writes all files into an unfinished folder.
func (b *builder) build(ctx context.Context, head journal.SignedHead) (r Result, err error) {
	b.head, b.files, b.state = head, nil, headState{}
	if err := json.Unmarshal(head.Content, &b.state); err != nil {
		return r, fmt.Errorf("the signed head of record %d: %w", head.Seq, err)
	}
	// The ledger has the records of all units in the head from here on.
	if err := b.journal.Deliverable(ctx, b.info.Name); err != nil {
		return r, err
	}
	if b.folder, err = atomicfile.CreateFolder(b.options.Dir); err != nil {
		return r, fmt.Errorf("writing %s: %w", b.options.Dir, err)
	}
	seeds, err := b.seeds(ctx)
	if err != nil {
		return r, err
	}
	batch, err := b.units(ctx)
	if err != nil {
		return r, err
	}
	for name, text := range map[string][]byte{HeadName: head.Content, HeadName + ".sig": head.Signature, "allowed_signers": b.allowedSigners()} {
		if err := b.bytes(name, text); err != nil {
			return r, err
		}
	}
	if err := b.certificate(batch); err != nil {
		return r, err
	}
	m := b.manifest()
	if err := b.bytes("README.txt", b.readme(&m, seeds)); err != nil {
		return r, err
	}
	m.Files = b.sorted()
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return r, err
	}
	text = append(text, '\n')
	signature, err := b.journal.SignExport(text)
	if err != nil {
		return r, err
	}
	if err := errors.Join(b.bytes(ManifestName, text), b.bytes(ManifestName+".sig", signature)); err != nil {
		return r, err
	}
	return Result{Manifest: m, Digest: fmt.Sprintf("%x", sha256.Sum256(text))}, nil
}

// file writes a file and adds its digest to the list.
func (b *builder) file(name string, fill func(io.Writer) error) error {
	h := sha256.New()
	n := &counter{}
	err := b.folder.Write(name, func(w io.Writer) error { return fill(io.MultiWriter(w, h, n)) })
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	b.files = append(b.files, File{Name: name, Bytes: n.n, SHA256: fmt.Sprintf("%x", h.Sum(nil))})
	return nil
}

func (b *builder) bytes(name string, text []byte) error {
	return b.file(name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(text))
		return err
	})
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
