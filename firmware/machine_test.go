// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// machine is the simplest hardware for the firmware. All of its state is in fields that
// a test can set and read. Only the flash is a virtual token's, because of its fault
// injection.
type machine struct {
	core    firmware.Core
	hw      firmware.Hardware
	scratch [firmware.SlotSize]byte
	link    serialproto.Server

	flash   *virtual.Flash
	now     token.UnixMilli
	valid   bool
	counted int64 // milliseconds since the start; see elapse
	clicks  int   // not yet read
	down    bool
	supply  firmware.Millivolts
	digits  int
	frame   firmware.Frame
	shows   int    // calls of Show
	in, out []byte // received and sent on the line
	uptime  int64
	static  [32]byte
	station [32]byte
	wake    firmware.Wake
	boots   int
	nextCut uint32 // the flash operation of the next restart in which the power fails again
	ticket  uint32 // the counter of a message in transit
}

// The interfaces of a machine for the firmware.
type (
	mClock    machine
	mLCD      machine
	mButton   machine
	mLine     machine
	mSupply   machine
	mIdentity machine
	mRig      machine
)

func (m *mClock) Now() (token.UnixMilli, bool) { return m.now, m.valid }
func (m *mClock) Uptime() int64                { return m.counted }

// Set has no effect after a power failure. In a test the firmware continues until the
// end of the step, but on hardware it would not.
func (m *mClock) Set(t token.UnixMilli) {
	if m.flash.Powered() {
		m.now, m.valid = t, true
	}
}

func (m *mLCD) Digits() int { return m.digits }
func (m *mLCD) Show(f firmware.Frame) {
	m.frame = f
	m.shows++
}

func (m *mButton) Down() bool {
	if m.clicks > 0 {
		m.clicks--
		return true
	}
	return m.down
}

func (m *mLine) Read(p []byte) int {
	n := copy(p, m.in)
	m.in = m.in[:copy(m.in, m.in[n:])]
	return n
}

func (m *mLine) Write(p []byte) int {
	m.out = append(m.out, p...)
	return len(p)
}
func (m *mLine) Uptime() int64 { return m.uptime }

func (m *mSupply) Voltage() firmware.Millivolts { return m.supply }

func (m *mIdentity) HardwareID() [8]byte   { return [8]byte{'m', 'a', 'c', 'h', 'i', 'n', 'e', '1'} }
func (m *mIdentity) Model() string         { return "test-machine" }
func (m *mIdentity) StaticKey() *[32]byte  { return &m.static }
func (m *mIdentity) StationKey() *[32]byte { return &m.station }

func (m *mRig) Press(ms uint32) error {
	if ms == 0 {
		m.clicks++
	}
	return nil
}

func (m *mRig) Supply(mv firmware.Millivolts) error {
	if mv < 2000 {
		return firmware.ErrRange
	}
	m.supply = mv
	return nil
}

func (m *mRig) Temperature(int32) error { return firmware.ErrUnsupported }

func (m *mRig) Skew(ms int64) error {
	m.now += token.UnixMilli(ms)
	return nil
}

func (m *mRig) PowerCut(n uint32) error {
	m.flash.CutAt(n, uint64(n))
	return nil
}

// The seeds of RFC 6238, appendix B. According to erratum 2866, each is as long as the
// output of its hash.
var rfcSeeds = map[token.Algorithm]string{
	token.SHA1:   "12345678901234567890",
	token.SHA256: "12345678901234567890123456789012",
	token.SHA512: "1234567890123456789012345678901234567890123456789012345678901234",
}

// secret is the seed for tests that search for traces. The RFC's seed is unsuitable,
// because it repeats itself. Four bytes of secret do not occur in flash by chance.
var secret = func() []byte {
	sum := sha256.Sum256([]byte("a seed for the tests"))
	return sum[:20]
}()

const (
	slotsPerPage = 4
	slotsInAll   = 2 * slotsPerPage
	writeOps     = 3 // a change writes the record, its mark, and zeros over the previous record

	noon = token.UnixMilli(1_800_000_000_000) // 2027-01-15T08:00:00Z, a whole minute
)

var staticKey = sha256.Sum256([]byte("static key of the machine"))

// stationKey is the public key of the station that a machine obeys. It is computed only
// once.
var stationKey = host.InsecureTestStationKey().Public()

// newMachine returns a blank token that has booted. Its clock reads noon but is not
// set.
func newMachine(t testing.TB) *machine {
	m := &machine{
		flash: virtual.NewFlash(2, slotsPerPage*firmware.SlotSize, 0),
		now:   noon, supply: 3000, digits: 8,
		static:  staticKey,
		station: stationKey,
	}
	m.hw = firmware.Hardware{
		Clock: (*mClock)(m), Flash: m.flash, LCD: (*mLCD)(m), Button: (*mButton)(m), Line: (*mLine)(m),
		Supply: (*mSupply)(m), Identity: (*mIdentity)(m), Scratch: &m.scratch,
	}
	m.in, m.out = make([]byte, 0, 4096), make([]byte, 0, 4096)
	m.core.Attach(&m.link)
	m.boot(t)
	return m
}

func (m *machine) boot(t testing.TB) {
	if err := m.restart(); err != nil && m.flash.Powered() {
		t.Helper()
		require.NoError(t, err)
	}
}

// restart is like boot, for a token that may have lost its state. It returns the error
// of the core.
func (m *machine) restart() error {
	m.flash.PowerOn()
	if m.nextCut > 0 {
		m.flash.CutAt(m.nextCut, uint64(m.nextCut))
		m.nextCut = 0
	}
	m.in, m.out = m.in[:0], m.out[:0]
	m.boots++
	err := m.core.Boot(&m.hw)
	if m.flash.Powered() {
		m.step()
	}
	return err
}

// step runs the firmware once.
func (m *machine) step() { m.wake = m.core.Step(&m.hw) }

// settle boots the machine until the power stays on.
func (m *machine) settle(t testing.TB) {
	t.Helper()
	for tries := 0; !m.flash.Powered(); tries++ {
		require.Less(t, tries, 5, "the machine does not boot")
		m.boot(t)
	}
}

func (m *machine) press() {
	m.clicks++
	m.step()
}

// advance lets time pass as on a sleeping board: the firmware runs at the times it
// requested, and at the end.
func (m *machine) advance(d time.Duration) {
	end := m.now + token.UnixMilli(d.Milliseconds())
	for next := min(m.wake.State, m.wake.Paint); next <= end; next = min(m.wake.State, m.wake.Paint) {
		m.elapse(max(next, m.now))
		m.step()
		if next == min(m.wake.State, m.wake.Paint) {
			panic("the firmware returned a wake time that is not later")
		}
	}
	m.elapse(end)
	m.step()
}

// elapse lets time pass until the clock shows to, without running the firmware. Setting
// the field now moves the clock instead.
func (m *machine) elapse(to token.UnixMilli) {
	m.counted += int64(to - m.now)
	m.now = to
}

// text returns the text on the display.
func (m *machine) text() string { return string(m.frame.AppendText(nil, m.digits)) }

func (m *machine) state() serialproto.State     { return m.core.State() }
func (m *machine) record() firmware.Record      { return firmware.RecordOf(&m.core) }
func (m *machine) ops() int                     { return int(m.flash.Ops()) }
func (m *machine) hasTraces(secret []byte) bool { return traces(m.flash.Image(), secret) }

// traces reports whether an image contains any four consecutive bytes of a secret.
func traces(image, secret []byte) bool {
	for i := 0; i+4 <= len(secret); i++ {
		if bytes.Contains(image, secret[i:i+4]) {
			return true
		}
	}
	return false
}

func profile(t testing.TB, name string) token.Profile {
	t.Helper()
	p, err := token.ProfileByName(name)
	require.NoError(t, err)
	return p
}

func serial(t testing.TB, s string) token.Serial {
	t.Helper()
	sn, err := token.ParseSerial(s)
	require.NoError(t, err)
	return sn
}

func expiry(t testing.TB, y, m, d int) token.Expiry {
	t.Helper()
	e, err := token.NewExpiry(y, m, d)
	require.NoError(t, err)
	return e
}

const testSerial = "1000042"

// payload returns the payload of a token programmed at noon that never expires.
func payload(p token.Profile) *serialproto.Payload {
	return &serialproto.Payload{Seed: bytes.Clone(secret), Profile: p, Clock: noon}
}

// program provisions the machine with a payload.
func (m *machine) program(t testing.TB, p *serialproto.Payload, lock bool) {
	t.Helper()
	require.NoError(t, m.core.Program(&m.hw, serial(t, testSerial), p, lock))
	m.step()
}

// publicKey is the public key of every machine. It is computed only once.
var publicKey = func() [32]byte {
	key, err := ecdh.X25519().NewPrivateKey(staticKey[:])
	if err != nil {
		panic(err)
	}
	return [32]byte(key.PublicKey().Bytes())
}()

// code returns the code of the secret for the machine's time. Package token tests the
// underlying function against the RFCs and oathtool.
func (m *machine) code(p token.Profile) string {
	return string(token.AppendCode(nil, secret, p.Algorithm, p.Digits, p.StepAtMilli(m.now)))
}
