// SPDX-License-Identifier: Apache-2.0

package export

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/regularfile"
	"github.com/d204ef64/fob/internal/sshsig"
)

// ErrManifest is the error of a manifest that is not one of this package.
var ErrManifest = errclass.New(errclass.Usage, "this is not the manifest of an export")

// ManifestName is the name of the manifest. Its signature has .sig at the end.
const ManifestName = "manifest.json"

// HeadName is the name of the signed head. Its signature has .sig at the end.
const HeadName = "head.json"

const manifestFormat = "fob-line-export-1"

// Manifest describes an export. The SHA-256 of its bytes identifies the export.
type Manifest struct {
	Format      string    `json:"format"`
	Order       string    `json:"order"`
	Customer    string    `json:"customer"`
	OrderSHA256 string    `json:"order_sha256"`
	Station     string    `json:"station"`
	Signer      string    `json:"signer"` // fingerprint of the station's key
	Created     time.Time `json:"created"`
	After       int64     `json:"after"`   // units that earlier exports have, whose recipients acknowledged them
	Through     int64     `json:"through"` // it has the units from the one after After
	Ordered     int64     `json:"ordered"`
	Void        int64     `json:"void"`
	Complete    bool      `json:"complete"` // the order is complete with it
	Head        Head      `json:"head"`
	Files       []File    `json:"files"` // all but the manifest and its signature
}

// Head is the signed head of the station's records.
type Head struct {
	Records int64  `json:"records"`
	SHA256  string `json:"sha256"` // the last link of the chain
}

// File is a file of an export.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Units returns the number of tokens in the export.
func (m *Manifest) Units() int64 { return m.Through - m.After }

func (b *builder) manifest() Manifest {
	signer := sshsig.Fingerprint(b.publicKey())
	return Manifest{
		Format: manifestFormat, Order: b.info.Name, Customer: b.order.Customer, OrderSHA256: fmt.Sprintf("%x", b.info.Digest),
		Station: b.state.Station, Signer: signer, Created: b.head.Made, After: b.after, Through: b.state.Done,
		Ordered: b.state.Wanted, Void: b.state.Void, Complete: b.state.Done >= b.state.Wanted,
		Head: Head{b.state.Records, b.state.Head},
	}
}

func (b *builder) sorted() []File {
	slices.SortFunc(b.files, func(x, y File) int { return cmp.Compare(x.Name, y.Name) })
	return b.files
}

// Read reads the manifest of an export, and returns the digest that identifies the
// export. The error wraps [fs.ErrNotExist] if there is none, or [ErrManifest].
func Read(dir string) (m Manifest, digest string, err error) {
	text, err := regularfile.Read(filepath.Join(dir, ManifestName))
	if err != nil {
		return m, "", fmt.Errorf("reading the manifest of the export %s: %w", dir, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, "", fmt.Errorf("%w: %s: %w", ErrManifest, dir, err)
	}
	if m.Format != manifestFormat {
		return m, "", fmt.Errorf("%w: %s: its format is %q, want %q", ErrManifest, dir, m.Format, manifestFormat)
	}
	return m, fmt.Sprintf("%x", sha256.Sum256(text)), nil
}

// Check compares the files in the folder with the manifest, and returns all faults.
func (m *Manifest) Check(dir string) (faults []string) {
	listed := map[string]bool{ManifestName: true, ManifestName + ".sig": true}
	for _, f := range m.Files {
		if f.Name != filepath.Base(f.Name) || strings.ContainsAny(f.Name, `/\`) || listed[f.Name] {
			faults = append(faults, fmt.Sprintf("the manifest names the file %q wrongly or twice", f.Name))
			continue
		}
		listed[f.Name] = true
		digest, n, err := digestFile(filepath.Join(dir, f.Name), f.Bytes)
		switch {
		case errors.Is(err, os.ErrNotExist):
			faults = append(faults, f.Name+" is missing")
		case err != nil:
			faults = append(faults, fmt.Sprintf("%s cannot be read: %v", f.Name, atomicfile.Cause(err)))
		case n != f.Bytes || digest != f.SHA256:
			faults = append(faults, f.Name+" differs from the manifest")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return append(faults, fmt.Sprintf("the folder cannot be read: %v", atomicfile.Cause(err)))
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			faults = append(faults, fmt.Sprintf("%q is not in the manifest", e.Name()))
		}
	}
	return faults
}

// digestFile reads at most most+1 bytes.
func digestFile(path string, most int64) (digest string, n int64, err error) {
	f, err := regularfile.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err = io.Copy(h, io.LimitReader(f, most+1))
	return fmt.Sprintf("%x", h.Sum(nil)), n, err
}
