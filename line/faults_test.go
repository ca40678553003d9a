// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// newFast makes a bench that compares one code and does not judge the crystal.
func newFast(t *testing.T) *bench {
	t.Parallel()
	b := newBench(t, quick...)
	b.config.Job.DriftLimit = 0
	return b
}

// refused plugs a device in, and checks that it is refused without using up a number.
func (b *bench) refused(m fleet.Member, reason string, bin journal.Bin) {
	b.t.Helper()
	e := b.one(m, 1)
	require.Equal(b.t, line.Fail, e.Result)
	require.Contains(b.t, e.Reason, reason)
	require.Equal(b.t, bin, e.Bin)
	require.NotEmpty(b.t, e.Advice)
	require.Empty(b.t, e.Serial)
	require.Equal(b.t, serialproto.StateBlank, m.Token.State(), "it was not touched")
	c, err := b.batch.Counts(b.t.Context())
	require.NoError(b.t, err)
	require.Equal(b.t, journal.Counts{Wanted: 10}, c)
	recorded := 0
	require.NoError(b.t, b.batch.Records(b.t.Context(), 0, func(r journal.Record) error {
		if r.Kind == journal.KindRefused {
			recorded++
			require.Contains(b.t, string(r.Data), reason)
		}
		return nil
	}))
	require.Equal(b.t, 1, recorded)
}

func TestWrongModel(t *testing.T) {
	b := newFast(t)
	var err error
	b.model, err = virtual.ModelByName("always-on-6")
	require.NoError(t, err)
	b.start()
	b.refused(b.device(), ", and the order is for ", journal.BinRetest)
}

func TestWrongFirmware(t *testing.T) {
	b := newFast(t)
	b.config.Job.Allows = func(version string) bool { return version == "9.9.9" }
	b.start()
	b.refused(b.device(), "the order does not allow firmware", journal.BinRetest)
}

// TestCounterfeit plugs in devices whose key is not enrolled: one that is not in the list,
// and one that has the hardware id of another one.
func TestCounterfeit(t *testing.T) {
	for name, list := range map[string]func(id host.HardwareID) line.Enrolment{
		"not in the list": func(host.HardwareID) line.Enrolment { return line.Enrolment{{1}: {1}} },
		"key":             func(id host.HardwareID) line.Enrolment { return line.Enrolment{id: {1}} },
	} {
		t.Run(name, func(t *testing.T) {
			b := newFast(t)
			m := b.device()
			b.config.Enrolment = list(m.Token.HardwareID())
			b.start()
			b.refused(m, "the enrolment list", journal.BinSuspect)
		})
	}
}

// TestEnrolled programs a device whose key is in the list.
func TestEnrolled(t *testing.T) {
	b := newFast(t)
	m := b.device()
	p := b.plug(m, 9)
	open, err := port.Open(t.Context(), p.Addr())
	require.NoError(t, err)
	key, _, err := host.New(open).DeviceKey(t.Context())
	require.NoError(t, err)
	require.NoError(t, open.Close())
	b.pull(p)
	b.config.Enrolment, err = line.ParseEnrolment(strings.NewReader(fmt.Sprintf("# id key\n%x, %x\n", m.Token.HardwareID(), key)))
	require.NoError(t, err)
	b.start()
	require.Equal(t, line.Pass, b.one(m, 1).Result)
	b.check()
}

// TestForeignDevice plugs in a device that another station has programmed.
func TestForeignDevice(t *testing.T) {
	b := newFast(t)
	m := b.device()
	first := b.plug(m, 9)
	open, err := port.Open(t.Context(), first.Addr())
	require.NoError(t, err)
	require.NoError(t, host.New(open).Provision(t.Context(), host.InsecureTestStationKey(), hosttest.Order(t, "button-6", nil)))
	require.NoError(t, open.Close())
	b.pull(first)
	b.start()
	e := b.one(m, 1)
	require.Equal(t, line.Fail, e.Result)
	require.Contains(t, e.Reason, "this station did not program it")
	require.Equal(t, serialproto.StateProvisioned, m.Token.State())
}

// TestTwice plugs a finished device in again, which never passes again. A
// device that was wiped meanwhile is suspect.
func TestTwice(t *testing.T) {
	b := newFast(t)
	b.start()
	m := b.device()
	first := b.one(m, 1)
	require.Equal(t, line.Pass, first.Result)
	again := b.one(m, 2)
	require.Equal(t, line.Known, again.Result)
	require.Equal(t, first.Serial, again.Serial)
	require.True(t, again.Before)
	b.check()

	n := b.count()
	p := b.plug(m, 9)
	e, _ := b.result(n, 9)
	require.Equal(t, line.Known, e.Result)
	b.pull(p)
	require.NoError(t, b.stop())
	p = b.plug(m, 8)
	open, err := port.Open(t.Context(), p.Addr())
	require.NoError(t, err)
	u, found, err := b.batch.Find(t.Context(), m.Token.HardwareID())
	require.NoError(t, err)
	require.True(t, found)
	require.NoError(t, host.New(open).Wipe(t.Context(), u.Serial))
	require.NoError(t, open.Close())
	b.pull(p)
	b.start()
	e = b.one(m, 3)
	require.Equal(t, line.Fail, e.Result)
	require.Equal(t, journal.BinSuspect, e.Bin)
	require.Contains(t, e.Reason, "but it is WIPED now")
}

// TestTwoSockets plugs the same device into two sockets at once.
func TestTwoSockets(t *testing.T) {
	b := newFast(t)
	gate := make(chan struct{})
	b.config.Printer = &testPrinter{print: func() error { <-gate; return nil }}
	b.start()
	m := b.device()
	b.plug(m, 1)
	_, n := b.wait(0, "label", func(e line.Event) bool { return e.Step == line.StepLabel })
	b.plug(m, 2)
	e, _ := b.result(n, 2)
	require.Equal(t, line.Fail, e.Result)
	require.Equal(t, "the same device is plugged in at port 1", e.Reason)
	close(gate)
	e, _ = b.result(n, 1)
	require.Equal(t, line.Pass, e.Result)
	b.check()
}

// testPrinter is a printer.
type testPrinter struct {
	print   func() error
	printed atomic.Int32
}

func (p *testPrinter) Print(_ context.Context, u *journal.Unit, _ int) error {
	if u.State != journal.Locked && u.State != journal.Done {
		panic(u.State)
	}
	if err := p.print(); err != nil {
		return err
	}
	p.printed.Add(1)
	return nil
}

func (p *testPrinter) String() string { return "test" }

// TestPrinterGone has the printer fail once: the unit goes on when the device is plugged in
// again, with the same serial number.
func TestPrinterGone(t *testing.T) {
	b := newFast(t)
	fails := true
	p := &testPrinter{print: func() error {
		if fails {
			return errors.New("paper out")
		}
		return nil
	}}
	b.config.Printer = p
	b.start()
	m := b.device()
	e := b.one(m, 1)
	require.Equal(t, line.Fail, e.Result)
	require.Equal(t, journal.Locked, e.State)
	require.Contains(t, e.Reason, "paper out")
	require.Contains(t, e.Advice, "mend the printer")
	unit, _, err := b.batch.Find(t.Context(), e.HardwareID)
	require.NoError(t, err)
	visit := unit.Results.Cycle
	require.Positive(t, visit)
	fails = false
	again := b.one(m, 2)
	require.Equal(t, line.Pass, again.Result)
	require.Equal(t, e.Serial, again.Serial)
	require.EqualValues(t, 1, p.printed.Load())
	require.Greater(t, again.Cycle, visit, "the time of both visits")
	b.check()
}

// TestLabels waits for the label before the next device.
func TestLabels(t *testing.T) {
	for _, policy := range []line.LabelPolicy{line.LabelTakenFirst, line.LabelScanned} {
		t.Run(string(policy), func(t *testing.T) {
			b := newFast(t)
			b.config.Printer = &testPrinter{print: func() error { return nil }}
			b.config.Job.Labels = policy
			ctx, cancel := context.WithCancel(context.Background())
			s := line.New(b.config)
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })
			first := b.plug(b.device(), 1)
			e, n := b.result(0, 1)
			require.Equal(t, line.Pass, e.Result)
			require.True(t, e.Label)
			b.pull(first)
			b.plug(b.device(), 1)
			require.ErrorIs(t, s.LabelTaken(1, "ZZFB99999999"), line.ErrNoLabel)
			require.ErrorIs(t, s.LabelTaken(2, e.Serial), line.ErrNoLabel)
			require.ErrorIs(t, s.LabelTaken(0, ""), line.ErrNoLabel)
			scanned := e.Serial
			if policy == line.LabelTakenFirst {
				scanned = ""
			} else {
				require.ErrorIs(t, s.LabelTaken(1, ""), line.ErrNoLabel)
			}
			require.Len(t, b.events, n, "the next device waits")
			require.Eventually(t, func() bool { return s.LabelTaken(1, scanned) == nil }, patience, time.Millisecond)
			e, _ = b.result(n, 1)
			require.Equal(t, line.Pass, e.Result)
		})
	}
}

// TestSlowClock voids a device whose crystal is slow by 0.2 %.
func TestSlowClock(t *testing.T) {
	b := newFast(t)
	b.config.Job.DriftLimit = 1000
	b.start()
	m := b.device(virtual.Trim(-2000))
	b.void(m, "the crystal is off by more than the limit", journal.BinRepair)
}

// void plugs a device in, and checks that its unit is voided, that the device was wiped,
// and that the next one gets another number.
func (b *bench) void(m fleet.Member, reason string, bin journal.Bin) {
	b.t.Helper()
	e := b.one(m, 1)
	require.Equal(b.t, line.Fail, e.Result)
	require.Equal(b.t, journal.Void, e.State)
	require.Contains(b.t, e.Reason, reason)
	require.Equal(b.t, bin, e.Bin)
	require.Equal(b.t, serialproto.StateWiped, m.Token.State())
	again := b.one(m, 1)
	require.Equal(b.t, line.Fail, again.Result)
	require.Contains(b.t, again.Reason, "the device was voided before: ")
	next := b.one(b.device(), 1)
	require.Equal(b.t, line.Pass, next.Result)
	require.NotEqual(b.t, e.Serial, next.Serial)
	b.check()
	list, err := b.batch.Voids(b.t.Context(), b.order.ID)
	require.NoError(b.t, err)
	require.Len(b.t, list, 1)
}

// TestDeadSegment refuses a device whose LCD does not light up in the self-test.
func TestDeadSegment(t *testing.T) {
	b := newFast(t)
	dead, err := virtual.ParseSegments("d3.g")
	require.NoError(t, err)
	m := b.device()
	m.Token.Break(dead, virtual.Segments{})
	b.start()
	b.refused(m, "the self-test did not light up all segments", journal.BinRepair)
}

// TestDisplayed compares the LCD at two steps. A segment that is stuck on shows
// another code.
func TestDisplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t, "# step: 60   ", "step: 20", "drift_ppm: 20 ", "drift_ppm: 1000")
	b.start()
	good := b.device()
	p := b.plug(good, 2)
	bad := b.device()
	var all []string
	for d := range 6 {
		for s := 'a'; s <= 'g'; s++ {
			all = append(all, fmt.Sprintf("d%d.%c", d, s))
		}
	}
	stuck, err := virtual.ParseSegments(all...)
	require.NoError(t, err)
	bad.Token.Break(virtual.Segments{}, stuck)
	b.void2(bad, "the display is faulty")
	e, _ := b.result(0, 2)
	require.Equal(t, line.Pass, e.Result)
	serial, err := token.ParseSerial(e.Serial)
	require.NoError(t, err)
	u, err := b.batch.Unit(t.Context(), serial)
	require.NoError(t, err)
	require.Equal(t, 2, u.Results.Codes)
	require.Equal(t, "lcd", u.Results.Read)
	b.pull(p)
}

// void2 is void without another device.
func (b *bench) void2(m fleet.Member, reason string) {
	b.t.Helper()
	e := b.one(m, 1)
	require.Equal(b.t, line.Fail, e.Result)
	require.Equal(b.t, journal.Void, e.State)
	require.Contains(b.t, e.Reason, reason)
	require.Equal(b.t, journal.BinRepair, e.Bin)
}

// TestPulledOut pulls a device out after a number of bytes of the station's requests, and
// plugs it in again until it is done: it keeps its serial number.
func TestPulledOut(t *testing.T) {
	b := newFast(t)
	b.start()
	random := rand.New(rand.NewPCG(1, 2))
	for at := 40; at < 1400; at += 1 + random.IntN(200) {
		m := b.device()
		n := b.count()
		p := b.plug(m, 1)
		p.Faults().Set(virtual.LineFaults{Unplug: at}, virtual.LineFaults{})
		e, n := b.wait(n, "result or gone", func(e line.Event) bool { return e.Result == line.Pass || e.Result == line.Fail })
		b.pull(p)
		if e.Result == line.Pass { // it was done before
			break
		}
		require.Contains(t, e.Reason, "pulled out")
		if e.Serial == "" {
			continue
		}
		p = b.plug(m, 2)
		again, _ := b.result(n, 2)
		require.Equal(t, line.Pass, again.Result, again)
		require.Equal(t, e.Serial, again.Serial)
		b.pull(p)
	}
	b.check()
}

// TestPowerCut cuts the power of a device in each of the flash operations while it is
// programmed and locked.
func TestPowerCut(t *testing.T) {
	b := newFast(t)
	b.config.Job.Retries = 2
	b.start()
	ports := map[int]*fleet.Port{}
	for op := 1; op <= 8; op++ {
		m := b.device()
		m.Token.CutPower(uint32(op))
		ports[op] = b.plug(m, op)
	}
	for op, p := range ports {
		e, _ := b.result(0, op)
		require.Equal(t, line.Pass, e.Result, "%d: %s", op, e.Reason)
		b.pull(p)
	}
	b.check()
}

// TestNoise programs devices over a line that damages bytes.
func TestNoise(t *testing.T) {
	b := newFast(t)
	b.start()
	for i := range 4 {
		m := b.device()
		p := b.plug(m, i)
		noise := virtual.LineFaults{Seed: uint64(i + 1), Flip: 3e-4, Drop: 2e-4}
		p.Faults().Set(noise, noise)
	}
	for i := range 4 {
		e, _ := b.result(0, i)
		require.Equal(t, line.Pass, e.Result, e.Reason)
	}
	for m := range b.fleet.All(0) {
		for _, p := range m.Ports() {
			b.pull(p)
		}
	}
	b.check()
}

// liar serves a token that answers each request with the result of a function. Ask passes the request
// to the token, and returns the body of its answer.
func (b *bench) liar(m fleet.Member, socket int, answer func(h serialproto.Header, ask func() []byte) []byte) {
	b.t.Helper()
	l, err := port.Listen(fmt.Sprintf("pty:%s/s%02d", b.sockets, socket))
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = l.Close() })
	p, err := l.Accept(b.t.Context())
	require.NoError(b.t, err)
	go func() {
		conn := m.Token.Connect(nil)
		var requests serialproto.Deframer
		buf := make([]byte, 256)
		for {
			n, err := p.Read(buf)
			if err != nil {
				return
			}
			for _, c := range buf[:n] {
				request := bytes.Clone(requests.Feed(c, 0))
				h, ok := serialproto.ParseHeader(request)
				if request == nil || !ok {
					continue
				}
				body := answer(h, func() []byte {
					answers := hosttest.Messages(conn.Exchange(nil, hosttest.Frame(h, request[serialproto.HeaderSize:])))
					if len(answers) == 0 {
						return nil
					}
					return answers[0][serialproto.HeaderSize:]
				})
				if body == nil {
					continue
				}
				if _, err := p.Write(hosttest.Frame(h.Response(), body)); err != nil {
					return
				}
			}
		}
	}()
}

// is reports whether a request is a command of the token group.
func is(h serialproto.Header, op serialproto.Op, command uint8) bool {
	return h.Group == serialproto.GroupToken && h.Op == op && h.Command == command
}

// claim changes the state in an answer to info.
func claim(h serialproto.Header, answer []byte, from, to serialproto.State) []byte {
	if !is(h, serialproto.OpRead, serialproto.CmdTokenInfo) {
		return answer
	}
	return bytes.Replace(answer, append([]byte("\x65state"), byte(from)), append([]byte("\x65state"), byte(to)), 1)
}

// TestLiar has devices that claim to be locked, or answer garbage from some request on.
func TestLiar(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		answer       func(locked *bool, h serialproto.Header, ask func() []byte) []byte
		bin          journal.Bin
	}{
		{"never locks", "the locked device answered display", func(locked *bool, h serialproto.Header, ask func() []byte) []byte {
			switch {
			case is(h, serialproto.OpWrite, serialproto.CmdTokenLock):
				*locked = true
				return []byte{0xa0}
			case *locked:
				return claim(h, ask(), serialproto.StateProvisioned, serialproto.StateLocked)
			}
			return ask()
		}, journal.BinSuspect},
		{"refuses to lock silently", "the device was verified and locked, but it is PROVISIONED", func(_ *bool, h serialproto.Header, ask func() []byte) []byte {
			if is(h, serialproto.OpWrite, serialproto.CmdTokenLock) {
				return []byte{0xa0}
			}
			return ask()
		}, journal.BinSuspect},
		{"claims to be blank", "but it is BLANK", func(_ *bool, h serialproto.Header, ask func() []byte) []byte {
			if is(h, serialproto.OpWrite, serialproto.CmdTokenLock) {
				return ask()
			}
			return claim(h, ask(), serialproto.StateProvisioned, serialproto.StateBlank)
		}, journal.BinSuspect},
		{"wrong proof", "after 3 failures: provision: the token does not hold the seed", func(_ *bool, h serialproto.Header, ask func() []byte) []byte {
			answer := ask()
			if is(h, serialproto.OpWrite, serialproto.CmdTokenProvCommit) {
				answer[len(answer)-1] ^= 1
			}
			return answer
		}, journal.BinSuspect},
		{"garbage instead of a code", "after 3 failures: display: invalid answer", func(_ *bool, h serialproto.Header, ask func() []byte) []byte {
			if is(h, serialproto.OpRead, serialproto.CmdTokenDisplay) {
				return []byte{0xa1, 0x64, 'c', 'o', 'd', 'e', 0x63, 0xff, 0xff, 0xff}
			}
			return ask()
		}, journal.BinSuspect},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newFast(t)
			b.config.Job.Retries = 2
			m := b.device()
			locked := false
			b.liar(m, 1, func(h serialproto.Header, ask func() []byte) []byte { return c.answer(&locked, h, ask) })
			b.start()
			e, _ := b.result(0, 1)
			require.Equal(t, line.Fail, e.Result)
			require.Equal(t, journal.Void, e.State)
			require.Contains(t, e.Reason, c.reason)
			require.Equal(t, c.bin, e.Bin)
			require.Contains(t, e.Advice, "call the supervisor")
			station, recipients, err := b.batch.SeedsLeft(t.Context(), b.order.ID)
			require.NoError(t, err)
			require.Zero(t, station+recipients)
			require.Equal(t, serialproto.StateWiped, m.Token.State())
		})
	}
}

// TestGarbage has ports at which something answers that is not a token: random bytes,
// nothing at all, and well-formed packets with wrong content. They never pass.
func TestGarbage(t *testing.T) {
	b := newFast(t)
	noises := func(seed uint64) func() []byte { // one for each goroutine
		random := rand.New(rand.NewPCG(3, seed))
		return func() []byte {
			p := make([]byte, 1+random.IntN(300))
			for i := range p {
				p[i] = byte(random.Uint32())
			}
			return p
		}
	}
	l, err := port.Listen("pty:" + b.sockets + "/s01")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	p, err := l.Accept(t.Context())
	require.NoError(t, err)
	go func() {
		buf, noise := make([]byte, 256), noises(4)
		for {
			if _, err := p.Read(buf); err != nil {
				return
			}
			if _, err := p.Write(noise()); err != nil {
				return
			}
		}
	}()
	noise := noises(5)
	b.liar(b.device(), 2, func(serialproto.Header, func() []byte) []byte { return noise() })
	b.liar(b.device(), 3, func(serialproto.Header, func() []byte) []byte { return []byte{0xa1, 0x65, 's', 't', 'a', 't', 'e', 0} })
	b.start()
	b.plug(b.device(), 4) // is programmed meanwhile
	e, _ := b.result(0, 4)
	require.Equal(t, line.Pass, e.Result)
	for _, socket := range []int{2, 3} {
		e, _ := b.result(0, socket)
		require.Equal(t, line.Fail, e.Result)
		require.Contains(t, e.Reason, "invalid answer from the device")
	}
	require.NoError(t, b.stop())
	c, err := b.batch.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, journal.Counts{Wanted: 10, Done: 1}, c)
}

// TestHostClock refuses to work with a clock that cannot be trusted, unless that goes on
// record.
func TestHostClock(t *testing.T) {
	b := newFast(t)
	unknown := errors.New("chrony is not running")
	b.config.HostClock = func(context.Context) error { return unknown }
	err := line.New(b.config).Run(t.Context())
	require.ErrorIs(t, err, line.ErrClock)
	require.ErrorIs(t, err, unknown)
	b.config.Unsynchronised = true
	b.start()
	require.Equal(t, line.Pass, b.one(b.device(), 1).Result)
	recorded := 0
	require.NoError(t, b.batch.Records(t.Context(), 0, func(r journal.Record) error {
		if r.Kind == journal.KindClock {
			recorded++
			require.Contains(t, string(r.Data), "chrony is not running")
		}
		return nil
	}))
	require.Equal(t, 1, recorded)
}

// TestClockStepped sets the station's clock while a unit is programmed: the attempt fails,
// and the next one sets the token's clock again.
func TestClockStepped(t *testing.T) {
	b := newFast(t)
	var offset atomic.Int64
	b.config.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	report := b.config.Report
	b.config.Report = func(e line.Event) {
		if e.Step == line.StepCodes && e.Attempt == 1 {
			offset.Store(int64(time.Hour))
		}
		report(e)
	}
	b.config.Job.Retries = 2
	b.start()
	e := b.one(b.device(), 1)
	require.Equal(t, line.Pass, e.Result)
	require.Equal(t, 2, e.Attempt)
	_, _ = b.wait(0, "the reason", func(e line.Event) bool {
		return strings.Contains(e.Reason, "the station's clock was set") || strings.Contains(e.Reason, "steps off")
	})
}

// TestOrderRanOut begins no unit after the last instant of the order.
func TestOrderRanOut(t *testing.T) {
	b := newFast(t)
	b.config.Now = func() time.Time { return time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) }
	b.start()
	m := b.device()
	e := b.one(m, 1)
	require.Equal(t, line.Fail, e.Result)
	require.Contains(t, e.Reason, "the order is valid from")
	require.Equal(t, serialproto.StateBlank, m.Token.State())
}

// TestPathChanged has a device come back at another path of the same USB socket, as after a
// power cut of the hub. The unit goes on, in the same socket.
func TestPathChanged(t *testing.T) {
	b := newFast(t)
	find := b.config.Find
	b.config.Find = func() ([]line.Socket, error) {
		found, err := find()
		for i := range found {
			found[i].Name = "usb 1-1"
		}
		return found, err
	}
	pulled := make(chan struct{}) // the station must not be faster than this test
	b.config.Report = func(e line.Event) {
		b.report(e)
		if e.Step == line.StepClock {
			<-pulled
		}
	}
	b.start()
	m := b.device()
	p := b.plug(m, 1)
	_, n := b.wait(0, "clock", func(e line.Event) bool { return e.Step == line.StepClock })
	b.pull(p)
	close(pulled)
	gone, n := b.wait(n, "gone", func(e line.Event) bool { return e.Result == line.Fail })
	require.Contains(t, gone.Reason, "pulled out")
	b.plug(m, 7)
	e, _ := b.wait(n, "result", func(e line.Event) bool { return e.Result == line.Pass || e.Result == line.Fail })
	require.Equal(t, line.Pass, e.Result, e)
	require.Equal(t, gone.Serial, e.Serial)
	require.Equal(t, gone.Number, e.Number)
	b.check()
}
