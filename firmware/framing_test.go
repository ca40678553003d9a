// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"context"
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// reportSize is the size of a USB HID report at full speed.
const reportSize = 64

// toReports prepends the length to a message and pads it to whole reports.
func toReports(message []byte) []byte {
	b := append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
	return append(b, make([]byte, (reportSize-len(b)%reportSize)%reportSize)...)
}

// fromReports returns the message in b, or nil if it is incomplete.
func fromReports(b []byte) []byte {
	if len(b) < 2 || len(b) < len(toReports(make([]byte, binary.BigEndian.Uint16(b)))) {
		return nil
	}
	return b[2:][:binary.BigEndian.Uint16(b)]
}

// reports is a framing for the device that is not SMP over console.
type reports struct {
	in, out []byte
	answer  [serialproto.MaxMessage]byte
	errors  serialproto.FramingErrors
}

func (r *reports) Receive(line serialproto.Line) []byte {
	var report [reportSize]byte
	for n := line.Read(report[:]); n > 0; n = line.Read(report[:]) {
		r.in = append(r.in, report[:n]...)
	}
	message := fromReports(r.in)
	if message != nil {
		r.in = nil
	}
	return message
}

func (r *reports) Buffer() []byte { return r.answer[:0] }
func (r *reports) Send(n int)     { r.out = toReports(r.answer[:n]) }

func (r *reports) Flush(line serialproto.Line) bool {
	n := line.Write(r.out)
	r.out = r.out[n:]
	return len(r.out) == 0
}

func (r *reports) Idle() bool                                { return len(r.in) == 0 && len(r.out) == 0 }
func (r *reports) FramingErrors() *serialproto.FramingErrors { return &r.errors }
func (r *reports) Reset()                                    { *r = reports{} }

// reportTransport is the host's end of the framing.
type reportTransport struct {
	exchange       func(in []byte) (out []byte)
	sent, received int
}

func (r *reportTransport) Exchange(_ context.Context, message []byte, _ time.Time, accept func([]byte) bool) ([]byte, error) {
	in := toReports(message)
	out := r.exchange(in)
	r.sent, r.received = r.sent+len(in), r.received+len(out)
	answer := fromReports(out)
	if answer == nil || !accept(answer) {
		return nil, os.ErrDeadlineExceeded
	}
	return answer, nil
}

func (r *reportTransport) Drain(context.Context)         {}
func (r *reportTransport) Traffic() (sent, received int) { return r.sent, r.received }

// TestReportFraming runs a token's life with messages in reports of 64 bytes. Each end
// only needs another implementation of its framing.
func TestReportFraming(t *testing.T) {
	m := newMachine(t)
	m.link.Framing = new(reports)
	_, console := m.connect(t)
	transport := &reportTransport{exchange: console.exchange}
	c := host.NewOver(transport)
	ctx := t.Context()
	order := order(t, m, profile(t, "button-6"))
	key := host.InsecureTestStationKey()
	require.NoError(t, c.Provision(ctx, key, order))
	require.NoError(t, c.Verify(ctx, order))
	require.NoError(t, c.Lock(ctx))
	_, err := c.Display(ctx)
	require.ErrorIs(t, err, serialproto.ErrLocked)
	require.NoError(t, c.Reset(ctx))
	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, order.Serial, info.Serial)
	require.Equal(t, serialproto.StateLocked, info.State)
	stats := c.Stats()
	require.Zero(t, stats.Sent%reportSize)
	require.Zero(t, stats.Received%reportSize)
	require.Zero(t, stats.Repeats)
}
