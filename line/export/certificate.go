// SPDX-License-Identifier: Apache-2.0

package export

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/certificate"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/token"
)

// summary collects the facts of the certificate from the units.
type summary struct {
	first, last       token.Serial
	firstNo, lastNo   int64
	earliest, latest  token.Expiry
	started, finished time.Time
	made              int
	void              []certificate.Void
	drift             []certificate.PPM
	ports             map[string]*portSummary
	firmware          map[string]int
}

type portSummary struct {
	made, failed   int
	total, slowest time.Duration
}

func newSummary() *summary {
	return &summary{ports: map[string]*portSummary{}, firmware: map[string]int{}}
}

func (s *summary) add(u *journal.Unit) {
	p := s.ports[u.Socket]
	if p == nil {
		p = &portSummary{}
		s.ports[u.Socket] = p
	}
	p.failed += u.Failures
	if u.State == journal.Void {
		if u.Failures == 0 { // a fault that no other attempt could mend
			p.failed++
		}
		s.void = append(s.void, certificate.Void{Serial: u.Serial, Reason: u.Reason, Bin: string(u.Bin)})
		return
	}
	if s.made == 0 || u.Number < s.firstNo {
		s.first, s.firstNo = u.Serial, u.Number
	}
	if s.made == 0 || u.Number > s.lastNo {
		s.last, s.lastNo = u.Serial, u.Number
	}
	if s.made == 0 || u.Expiry.String() < s.earliest.String() {
		s.earliest = u.Expiry
	}
	if u.Expiry.String() > s.latest.String() {
		s.latest = u.Expiry
	}
	if s.started.IsZero() || u.Began.Before(s.started) {
		s.started = u.Began
	}
	if u.Ended.After(s.finished) {
		s.finished = u.Ended
	}
	s.made++
	if d := u.Results.Drift; d != nil {
		s.drift = append(s.drift, certificate.PPM(d.Value))
	}
	s.firmware[u.Results.Firmware]++
	cycle := time.Duration(u.Results.Cycle * float64(time.Second))
	p.made++
	p.total += cycle
	p.slowest = max(p.slowest, cycle)
}

// certificate writes the production certificate. It lists the files that were written
// before it.
func (b *builder) certificate(s *summary) error {
	l := b.order.Limits
	c := certificate.Batch{
		Order: b.info.Name, Customer: b.order.Customer, Model: b.order.Model, Created: b.head.Made, Started: s.started, Finished: s.finished,
		First: s.first, Last: s.last, Expiry: s.earliest, Ordered: int(b.state.Wanted), Made: s.made, Void: s.void,
		Drift: s.drift, DriftFrom: certificate.PPM(-l.DriftPPM), DriftTo: certificate.PPM(l.DriftPPM),
		Stations: []string{b.state.Station},
		Limits: []certificate.Limit{
			{Name: "Drift", Value: fmt.Sprintf("%g ppm, fast or slow", l.DriftPPM)},
			{Name: "Supply voltage", Value: fmt.Sprintf("%g to %g V", l.SupplyMin, l.SupplyMax)},
			{Name: "Attempts", Value: fmt.Sprint(1 + l.Retries)},
			{Name: "Verification", Value: b.order.Verification},
			{Name: "Allowed firmware", Value: b.order.Firmware.String()},
		},
		Journal: certificate.Journal{Records: int(b.state.Records), Signer: sshsig.Fingerprint(b.publicKey())},
	}
	if s.earliest != s.latest {
		c.Limits = append(c.Limits, certificate.Limit{Name: "Expiry dates", Value: s.earliest.String() + " to " + s.latest.String()})
	}
	if b.after > 0 {
		c.Limits = append(c.Limits, certificate.Limit{Name: "Delivered before", Value: fmt.Sprintf("%d tokens", b.after)})
	}
	for _, version := range slices.Sorted(maps.Keys(s.firmware)) {
		c.Limits = append(c.Limits, certificate.Limit{Name: "Firmware " + version, Value: fmt.Sprintf("%d tokens", s.firmware[version])})
	}
	head, err := hex.DecodeString(b.state.Head)
	if err != nil || copy(c.Journal.Head[:], head) != len(c.Journal.Head) {
		return fmt.Errorf("the signed head of record %d is malformed", b.head.Seq)
	}
	for _, name := range slices.Sorted(maps.Keys(s.ports)) {
		p := s.ports[name]
		port := certificate.Port{Name: name, Made: p.made, Failed: p.failed, Slowest: p.slowest}
		if p.made > 0 {
			port.Cycle = p.total / time.Duration(p.made)
		}
		c.Ports = append(c.Ports, port)
	}
	for _, f := range b.sorted() {
		file := certificate.File{Name: f.Name, Bytes: f.Bytes}
		if _, err := hex.Decode(file.Digest[:], []byte(f.SHA256)); err != nil {
			return err
		}
		c.Files = append(c.Files, file)
	}
	pdf, err := c.PDF(certificate.Options{Font: b.options.Font})
	if err != nil {
		return err
	}
	return b.bytes("certificate.pdf", pdf)
}
