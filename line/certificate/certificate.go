// SPDX-License-Identifier: Apache-2.0

// Package certificate writes the production certificate of a batch of tokens as PDF: a
// document for the customer and the file of the line. It lists counts, rejects,
// measurements, limits, and the digests of the exported files.
//
// The document depends only on its [Batch], so its own digest can be listed elsewhere.
// It contains no seed.
package certificate

import (
	"fmt"
	"math"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/pdfdoc"
	"github.com/d204ef64/fob/token"
)

// ErrBatch is the error for a batch whose certificate cannot be written.
var ErrBatch = errclass.New(errclass.Usage, "invalid batch for a certificate")

// PPM is a deviation of a clock in parts per million. A positive value is fast.
type PPM float64

// Digest is a SHA-256.
type Digest [32]byte

// Batch is the contents of a certificate. Order, Created, First and Last are required.
type Batch struct {
	Order    string
	Customer string
	Model    string
	Created  time.Time // of the certificate; printed in UTC, as all times
	Started  time.Time // first token
	Finished time.Time // last token

	First, Last token.Serial // the range of serial numbers
	Expiry      token.Expiry
	Ordered     int // tokens
	Made        int // tokens that passed all tests
	Void        []Void

	Drift     []PPM // one measurement for each token that was made
	DriftFrom PPM   // limits of Drift
	DriftTo   PPM
	Limits    []Limit // the other limits that applied
	Ports     []Port
	Firmware  []Firmware

	Files   []File
	Journal Journal

	Stations  []string
	Operators []string // if they are known
}

// Void is a serial number that was allocated but not delivered.
type Void struct {
	Serial token.Serial
	Reason string
	Bin    string // the box of the rejected token
}

// Limit is a limit of a test, such as {"Clock set within", "200 ms"}.
type Limit struct{ Name, Value string }

// Port is a port of the line.
type Port struct {
	Name    string
	Made    int
	Failed  int           // attempts that failed, including those that were repeated
	Cycle   time.Duration // mean time from insertion to removal
	Slowest time.Duration
}

// Firmware is a version that tokens of the batch have.
type Firmware struct {
	Version string
	Image   Digest
	Tokens  int
}

// File is an exported file.
type File struct {
	Name   string
	Bytes  int64
	Digest Digest
}

// Journal identifies the records of the line about the batch.
type Journal struct {
	Records int
	Head    Digest // the last link of the chain
	Signer  string // fingerprint of the key that signed Head; empty if it is not signed
}

// Options are about the document.
type Options struct {
	// Font is a TrueType font file (.ttf), for text with characters that the built-in
	// Helvetica does not have, such as Japanese. Without it such text is an error.
	Font []byte
}

// PDF returns the certificate on A4. The error wraps [ErrBatch], or the error for a font
// that cannot be read or lacks characters of the text.
func (b *Batch) PDF(o Options) ([]byte, error) {
	if err := b.validate(); err != nil {
		return nil, err
	}
	d, err := pdfdoc.New(pdfdoc.Options{Title: "Production certificate " + b.Order, Created: b.Created, Font: o.Font})
	if err != nil {
		return nil, fmt.Errorf("writing a certificate: %w", err)
	}
	p := newPage(d, "Production certificate", "Order "+b.Order+", created "+instant(b.Created))
	b.summary(p)
	b.drift(p)
	b.line(p)
	b.files(p)
	b.voids(p)
	if p.err != nil {
		return nil, fmt.Errorf("writing the certificate of order %s: %w", b.Order, p.err)
	}
	return d.Bytes()
}

func (b *Batch) validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrBatch, fmt.Sprintf(format, args...))
	}
	switch {
	case b.Order == "":
		return fail("it has no order number")
	case b.Created.IsZero():
		return fail("order %s: the time of the certificate is missing", b.Order)
	case b.First.IsZero() || b.Last.IsZero():
		return fail("order %s: the range of serial numbers is missing", b.Order)
	case b.Ordered < 0 || b.Made < 0:
		return fail("order %s: %d tokens of %d, want numbers from 0", b.Order, b.Made, b.Ordered)
	case b.DriftFrom > b.DriftTo:
		return fail("order %s: drift limits from %g to %g ppm, want them in order", b.Order, b.DriftFrom, b.DriftTo)
	}
	for _, v := range append([]PPM{b.DriftFrom, b.DriftTo}, b.Drift...) {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fail("order %s: a drift of %g ppm", b.Order, v)
		}
	}
	for _, p := range b.Ports {
		if p.Made < 0 || p.Failed < 0 || p.Cycle < 0 || p.Slowest < 0 {
			return fail("order %s: port %s has a negative number", b.Order, p.Name)
		}
	}
	return nil
}
