// SPDX-License-Identifier: Apache-2.0

package factory_test

import (
	"bytes"
	"errors"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/serialproto/host"
)

// flash keeps the two records in memory. If tear is not zero, power fails during the
// write of that number, which leaves only part of its bytes.
type flash struct {
	records [2][factory.RecordSize]byte
	writes  int
	tear    int
	left    int // bytes that the torn write leaves
}

func newFlash() *flash {
	f := &flash{}
	for i := range f.records {
		copy(f.records[i][:], bytes.Repeat([]byte{0xFF}, factory.RecordSize))
	}
	return f
}

var errPower = errors.New("power failure")

func (f *flash) Read(record int, p []byte) error {
	copy(p, f.records[record][:])
	return nil
}

func (f *flash) Write(record int, p []byte) error {
	f.writes++
	copy(f.records[record][:], bytes.Repeat([]byte{0xFF}, factory.RecordSize))
	if f.writes == f.tear {
		copy(f.records[record][:], p[:f.left])
		return errPower
	}
	copy(f.records[record][:], p)
	return nil
}

// counting returns an entropy source whose bytes are all different.
func counting() func([]byte) bool {
	n := byte(0)
	return func(p []byte) bool {
		for i := range p {
			n++
			p[i] = n
		}
		return true
	}
}

func none([]byte) bool { return false }

func TestInsecureTestStationKey(t *testing.T) {
	require.Equal(t, [32]byte(host.InsecureTestStationKey().Public()), factory.InsecureTestStationKey)
}

// TestFirstBoot checks that a blank device creates the missing records, once.
func TestFirstBoot(t *testing.T) {
	f := newFlash()
	var first, second factory.Device
	require.NoError(t, first.Load(f, counting()))
	require.Equal(t, "always-on-6", first.Model)
	require.Equal(t, uint8(6), first.Digits)
	require.Equal(t, factory.InsecureTestStationKey, first.StationKey)
	require.NotZero(t, first.HardwareID)
	require.NotZero(t, first.StaticKey)
	require.NoError(t, second.Load(f, none), "the second load must not create records")
	require.Equal(t, first, second)
	require.Equal(t, 2, f.writes)
}

// TestFactoryRecord checks that the device keeps the factory's record and creates its
// own key.
func TestFactoryRecord(t *testing.T) {
	f := newFlash()
	id := factory.Identity{HardwareID: [8]byte{1}, Model: "button-8", Digits: 8, StationKey: [32]byte{9}}
	require.NoError(t, f.Write(factory.RecordIdentity, id.Append(nil)))
	var d factory.Device
	require.NoError(t, d.Load(f, counting()))
	require.Equal(t, id, d.Identity)
	require.NotZero(t, d.StaticKey)
}

// TestPowerCut cuts the power inside each write of the first boot, at each byte.
func TestPowerCut(t *testing.T) {
	for tear := 1; tear <= 2; tear++ {
		for left := range factory.RecordSize {
			f := newFlash()
			f.tear, f.left = tear, left
			var d, again factory.Device
			require.ErrorIs(t, d.Load(f, counting()), errPower)
			require.NoError(t, d.Load(f, counting()))
			require.NoError(t, again.Load(f, none))
			require.Equal(t, d, again)
			require.True(t, d.Valid())
		}
	}
}

func TestNoEntropy(t *testing.T) {
	var d factory.Device
	f := newFlash()
	require.ErrorIs(t, d.Load(f, none), factory.ErrEntropy)
	require.Zero(t, f.writes)
}

// TestDamaged checks that a device whose factory record is damaged does not fall back
// to the test station, whether or not it has a key.
func TestDamaged(t *testing.T) {
	f := newFlash()
	var d factory.Device
	require.NoError(t, d.Load(f, counting()))
	f.records[factory.RecordIdentity][20] ^= 3
	require.ErrorIs(t, d.Load(f, counting()), factory.ErrDamaged)

	// The same before the device has made a key.
	f = newFlash()
	id := factory.Identity{HardwareID: [8]byte{1}, Model: "button-8", Digits: 8, StationKey: [32]byte{9}}
	require.NoError(t, f.Write(factory.RecordIdentity, id.Append(nil)))
	f.records[factory.RecordIdentity][2] ^= 3
	require.ErrorIs(t, d.Load(f, counting()), factory.ErrDamaged)
}

// TestFlips checks that a single wrong bit in either record changes nothing.
func TestFlips(t *testing.T) {
	f := newFlash()
	id := factory.Identity{HardwareID: [8]byte{1}, Model: "button-8", Digits: 8, StationKey: [32]byte{9}}
	require.NoError(t, f.Write(factory.RecordIdentity, id.Append(nil)))
	var want factory.Device
	require.NoError(t, want.Load(f, counting()))
	for record := range f.records {
		for bit := range 8 * factory.RecordSize {
			f.records[record][bit/8] ^= 1 << (bit % 8)
			var d factory.Device
			require.NoError(t, d.Load(f, none), "bit %d of record %d", bit, record)
			require.Equal(t, want, d)
			f.records[record][bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		id := factory.Identity{
			HardwareID: [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "id")),
			Model:      rapid.StringMatching(`[!-~]{1,24}`).Draw(t, "model"),
			Digits:     rapid.SampledFrom([]uint8{6, 8}).Draw(t, "digits"),
			StationKey: [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "station")),
		}
		id.HardwareID[7], id.StationKey[0] = 1, 1
		record := id.Append(nil)
		require.Len(t, record, factory.RecordSize)
		sum := uint32(record[124]) | uint32(record[125])<<8 | uint32(record[126])<<16 | uint32(record[127])<<24
		require.Equal(t, crc32.ChecksumIEEE(record[:124]), sum)
		var back factory.Identity
		require.True(t, back.Parse(record))
		require.Equal(t, id, back)
		record[rapid.IntRange(0, factory.RecordSize-1).Draw(t, "at")] ^= 3 << rapid.IntRange(0, 6).Draw(t, "bit")
		require.False(t, back.Parse(record))
	})
}

func TestInvalid(t *testing.T) {
	good := factory.Identity{HardwareID: [8]byte{1}, Model: "button-6", Digits: 6, StationKey: [32]byte{1}}
	require.True(t, good.Valid())
	for name, spoil := range map[string]func(*factory.Identity){
		"no id":           func(id *factory.Identity) { id.HardwareID = [8]byte{} },
		"no model":        func(id *factory.Identity) { id.Model = "" },
		"a long model":    func(id *factory.Identity) { id.Model = "a-model-of-twenty-five-xx" },
		"another charset": func(id *factory.Identity) { id.Model = "modèle" },
		"7 digits":        func(id *factory.Identity) { id.Digits = 7 },
		"no station":      func(id *factory.Identity) { id.StationKey = [32]byte{} },
	} {
		id := good
		spoil(&id)
		require.False(t, id.Valid(), name)
	}
	var id factory.Identity
	require.False(t, id.Parse(nil))
	require.False(t, id.Parse(bytes.Repeat([]byte{0xFF}, factory.RecordSize)))
}
